import { expect, test } from "vitest";
import { isFiltered, queryOf, searchOf } from "./search";

test("what an address says is kept, and what it cannot mean is left out", () => {
  const search = searchOf({
    workspace: "main",
    text: 2026,
    state: "gone",
    since: "2026-11-02",
    until: "tomorrow",
    sort: "oldest",
    view: "list",
  });

  expect(search).toEqual({ workspace: "main", text: "2026", since: "2026-11-02", sort: "oldest" });
  expect(isFiltered(search)).toBe(true);
  expect(isFiltered(searchOf({ workspace: "main", view: "table" }))).toBe(false);
});

test("both days are included, from midnight to midnight of the viewer", () => {
  const { since, until } = queryOf({ since: "2026-11-02", until: "2026-11-02" });

  expect(new Date(since ?? "").getHours()).toBe(0);
  expect(Date.parse(until ?? "") - Date.parse(since ?? "")).toBe(24 * 3600 * 1000);
});
