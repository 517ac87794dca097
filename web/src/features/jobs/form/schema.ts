/** What a form has to know of an operation's JSON schema: one field after the other, ready to be shown. */

import type { NewUpload } from "@/shared/api";

/** What operations read. */
export type InputKind = NonNullable<NewUpload["kind"]>;

export type Schema = {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
  properties?: Record<string, Schema>;
  items?: Schema;
  required?: string[];
  default?: unknown;
  description?: string;
  examples?: unknown[];
  minimum?: number;
  maximum?: number;
  multipleOf?: number;
  format?: string;
  /** What kind of file an input is. */
  "x-kind"?: InputKind;
  discriminator?: { propertyName: string; mapping: Record<string, string> };
};

export type Values = Record<string, unknown>;

/** How a value is asked for. `text` holds quantities too: what the server parses is a person's notation. */
export type Kind =
  | { is: "switch" }
  | { is: "choice"; options: string[] }
  | { is: "number"; least?: number; most?: number; step?: number; whole: boolean }
  | { is: "text"; like: string | undefined }
  | { is: "input"; of: InputKind }
  | { is: "group"; fields: Field[] }
  | { is: "variants"; tag: string; variants: Variant[] }
  | { is: "list"; of: Kind };

export type Variant = { name: string; help: string; fields: Field[] };

export type Field = {
  name: string;
  label: string;
  help: string;
  kind: Kind;
  /** Nothing goes without it. */
  needed: boolean;
  /** In people's notation; undefined where there is none. */
  byDefault: string | undefined;
  folded: boolean;
};

const FIXED = new Set(["op", "version"]);
/** What few people touch: of pipelines, of machines, of strange files. */
const RARE = new Set([
  ...["when", "keep", "name", "source", "output", "sources", "hardware", "strict", "charset", "forced"],
  ...["threads", "clock", "offset", "every", "black_level", "black_share", "freeze_noise", "silence_level"],
  ...["caps", "keyframe", "segment_type", "encryption", "key_uri", "sample_rate", "channels", "true_peak"],
  ...["upscale", "fit", "avoid_bad", "only_marked", "count_frames", "preset", "prefix"],
]);
const MICROS = 1_000_000;

/** The fields of an object's schema, those that nothing goes without first. */
export function fieldsOf(schema: Schema, defs: Record<string, Schema> = schema.$defs ?? {}): Field[] {
  const fields = Object.entries(schema.properties ?? {})
    .filter(([name, own]) => !FIXED.has(name) && own.const === undefined)
    .map(([name, own]) => fieldOf(name, own, defs, schema.required?.includes(name) ?? false));
  return [...fields.filter(({ needed }) => needed), ...fields.filter(({ needed }) => !needed)];
}

function fieldOf(name: string, schema: Schema, defs: Record<string, Schema>, needed: boolean): Field {
  const kind = kindOf(schema, defs);
  return {
    name,
    label: labelOf(name),
    help: (schema.description ?? "").replaceAll("`", ""),
    kind,
    needed,
    byDefault: needed ? undefined : defaultText(schema, defs),
    folded: !needed && RARE.has(name) && !(name === "preset" && kind.is === "choice"),
  };
}

/** `fade_out` becomes `Fade out`. */
export function labelOf(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function kindOf(given: Schema, defs: Record<string, Schema>): Kind {
  const schema = resolved(given, defs);
  const ways = (schema.anyOf ?? []).filter(({ type }) => type !== "null");
  if (schema.oneOf !== undefined && schema.discriminator !== undefined) {
    return variantsOf(schema.oneOf, schema.discriminator.propertyName, defs);
  }
  const nullable = (schema.anyOf ?? []).some(({ type }) => type === "null");
  const [only] = ways;
  if (only !== undefined && ways.length === 1) {
    const inner = kindOf({ ...resolved(only, defs), examples: only.examples ?? schema.examples }, defs);
    // Unset, yes and no are three things.
    return nullable && inner.is === "switch" ? { is: "choice", options: ["true", "false"] } : inner;
  }
  if (ways.length > 1) {
    const grouped = ways.map((way) => resolved(way, defs)).find(({ properties }) => properties !== undefined);
    if (grouped !== undefined) return { is: "group", fields: fieldsOf(grouped, defs) };
    return { is: "text", like: exampleOf(schema) };
  }
  return plainKind(schema, defs);
}

function plainKind(schema: Schema, defs: Record<string, Schema>): Kind {
  if (schema.enum !== undefined) return { is: "choice", options: schema.enum.map(String) };
  if (schema.format === "framemill-input") return { is: "input", of: schema["x-kind"] ?? "media" };
  if (schema.properties !== undefined) return { is: "group", fields: fieldsOf(schema, defs) };
  if (schema.type === "boolean") return { is: "switch" };
  if (isNumeric(schema.type)) {
    return {
      is: "number",
      least: schema.minimum,
      most: schema.maximum,
      step: schema.multipleOf,
      whole: schema.type === "integer",
    };
  }
  if (schema.type === "array") {
    return { is: "list", of: kindOf(schema.items ?? {}, defs) };
  }
  return { is: "text", like: exampleOf(schema) };
}

function variantsOf(choices: Schema[], tag: string, defs: Record<string, Schema>): Kind {
  const variants = choices.map((choice): Variant => {
    const own = resolved(choice, defs);
    return {
      name: String(own.properties?.[tag]?.const ?? ""),
      help: own.description ?? "",
      fields: fieldsOf(own, defs),
    };
  });
  return { is: "variants", tag, variants };
}

function resolved(schema: Schema, defs: Record<string, Schema>): Schema {
  if (schema.$ref === undefined) return schema;
  const { $ref, ...own } = schema;
  return { ...defs[$ref.split("/").at(-1) ?? ""], ...own };
}

function isNumeric(type: string | undefined): boolean {
  return type === "integer" || type === "number";
}

function exampleOf(schema: Schema): string | undefined {
  const [first] = schema.examples ?? [];
  return first === undefined ? undefined : String(first);
}

/** As a person would write it: times are kept in microseconds, rates in bits. */
function defaultText(schema: Schema, defs: Record<string, Schema>): string | undefined {
  const { default: value } = schema;
  const kind = kindOf(schema, defs);
  if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) return undefined;
  if (kind.is === "text" && typeof value === "number") {
    if (kind.like === "1m30s") return `${value / MICROS}s`;
    if (kind.like === "2500k") return `${value / 1000}k`;
  }
  if (typeof value === "object" && !Array.isArray(value)) return undefined;
  return Array.isArray(value) ? value.join(", ") : String(value);
}
