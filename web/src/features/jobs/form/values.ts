/** Values of a form: changing one deep inside, and leaving away what says nothing. */
import type { Values } from "./schema";

export type Path = ReadonlyArray<string | number>;

/** The same with `value` at `path`; undefined takes it away. */
export function withValue(values: Values, path: Path, value: unknown): Values {
  return set(values, path, value) as Values;
}

function set(known: unknown, path: Path, value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (typeof first === "number") {
    const items = Array.isArray(known) ? [...known] : [];
    items[first] = set(items[first], rest, value);
    return items.filter((item) => item !== undefined);
  }
  const { [first]: before, ...others } = isValues(known) ? known : {};
  const after = set(before, rest, value);
  return after === undefined ? others : { ...others, [first]: after };
}

export function isValues(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Without what is empty: the server's defaults stand for it. */
export function said(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values)
      .map(([name, value]) => [name, isValues(value) ? said(value) : value] as const)
      .filter(([, value]) => !isEmpty(value)),
  );
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isValues(value) && Object.keys(value).length === 0;
}

/** What a stored spec says beyond the defaults of its schema: what a person once chose. */
export function chosen(spec: Values, properties: Record<string, { default?: unknown }>): Values {
  return said(
    Object.fromEntries(
      Object.entries(spec).filter(([name, value]) => {
        if (name === "op" || name === "version") return false;
        return JSON.stringify(value) !== JSON.stringify(writtenDefault(properties[name]?.default, value));
      }),
    ),
  );
}

/** Stored specs write times as `3s`, and schemas their defaults in microseconds. */
function writtenDefault(byDefault: unknown, value: unknown): unknown {
  const isTime = typeof value === "string" && /^-?[\d.]+s$/.test(value) && typeof byDefault === "number";
  return isTime ? `${byDefault / 1_000_000}s` : byDefault;
}
