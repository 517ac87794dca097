/** The pages of docs/errors, by code. Loaded when something failed. */
const pages = import.meta.glob<string>("../../../../../docs/errors/*.md", {
  query: "?raw",
  import: "default",
  eager: true,
});

export function pageOf(code: string): string | undefined {
  return pages[`../../../../../docs/errors/${code}.md`];
}
