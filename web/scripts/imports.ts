/** Imports point down: app → features → shared; no feature imports another, and shared imports only shared.
 * And what is imported of Mantine has its styles in app/mantine.ts. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const src = new URL("../src", import.meta.url).pathname;
const wrong: string[] = [];

/** `app`, `features/videos`, `shared`, or `main` for the file that starts it all. */
function room(path: string): string {
  const [first = "", second = ""] = path.split("/");
  return first === "features" ? `features/${second}` : path.includes("/") ? first : "main";
}

function allowed(from: string, to: string, test: boolean): boolean {
  if (from === to || from === "main" || to === "shared" || (to === "testing" && test)) return true;
  if (from === "testing") return to !== "app";
  return from === "app" && to.startsWith("features/");
}

const styled = readFileSync(join(src, "app/mantine.ts"), "utf8");
const styles = new URL("../node_modules/@mantine/core/styles", import.meta.url).pathname;

for (const file of globSync("**/*.{ts,tsx}", { cwd: src })) {
  const text = readFileSync(join(src, file), "utf8");
  for (const [, names = ""] of text.matchAll(/import \{([^}]*)\} from "@mantine\/core"/g)) {
    for (const name of names.split(",").map((one) => one.trim())) {
      if (existsSync(`${styles}/${name}.css`) && !styled.includes(`/${name}.css"`)) {
        wrong.push(`src/app/mantine.ts lacks the styles of ${name}, which src/${file} shows`);
      }
    }
  }
  for (const [, target = ""] of text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)) {
    const path = target.startsWith("@/")
      ? target.slice(2)
      : target.startsWith(".")
        ? normalize(join(dirname(file), target))
        : "";
    if (path && !allowed(room(file), room(path), file.includes(".test."))) {
      wrong.push(`src/${file} must not import ${target}`);
    }
  }
}

for (const line of wrong) console.error(line);
process.exit(wrong.length ? 1 : 0);
