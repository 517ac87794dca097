import { expect, test } from "vitest";
import { ApiProblem } from "@/shared/api";
import { faultsOf } from "./faults";
import { fieldsOf, type Schema } from "./schema";
import { chosen, said, withValue } from "./values";

const TIME: Schema = { anyOf: [{ type: "number", minimum: 0 }, { type: "string" }], examples: ["1m30s"] };

test("defaults are shown as people write them, and what nothing goes without comes first", () => {
  const fields = fieldsOf({
    properties: {
      op: { const: "gif" },
      duration: { ...TIME, default: 3_000_000 },
      start: { anyOf: [TIME, { type: "null" }], default: null },
      hardware: { anyOf: [{ enum: ["auto", "off"] }, { type: "null" }], default: null },
      rate: { type: "number" },
    },
    required: ["rate"],
  });

  expect(fields.map(({ name, byDefault, folded }) => [name, byDefault, folded])).toEqual([
    ["rate", undefined, false],
    ["duration", "3s", false],
    ["start", undefined, false],
    ["hardware", undefined, true],
  ]);
  expect(fields.map(({ kind }) => kind.is)).toEqual(["number", "text", "text", "choice"]);
});

test("a chain of filters offers each with its own fields", () => {
  const [chain] = fieldsOf({
    $defs: {
      Blur: { description: "Unsharp.", properties: { filter: { const: "blur" }, x: { type: "integer" } } },
    },
    properties: {
      chain: {
        type: "array",
        items: {
          discriminator: { propertyName: "filter", mapping: {} },
          oneOf: [{ $ref: "#/$defs/Blur" }],
        },
      },
    },
  });

  expect(chain?.kind).toMatchObject({
    is: "list",
    of: {
      is: "variants",
      tag: "filter",
      variants: [{ name: "blur", help: "Unsharp.", fields: [{ name: "x" }] }],
    },
  });
});

test("a form knows what kind of file an operation reads", () => {
  const file = (kind: Schema["x-kind"]): Schema => ({
    type: "string",
    format: "framemill-input",
    "x-kind": kind,
  });
  const [font, files] = fieldsOf({
    properties: {
      font: { anyOf: [file("font"), { type: "null" }], default: null },
      file: { type: "array", items: file("subtitles") },
    },
  });

  expect(font?.kind).toEqual({ is: "input", of: "font" });
  expect(files?.kind).toEqual({ is: "list", of: { is: "input", of: "subtitles" } });
});

test("a refusal is placed at its field, also deep in a list", () => {
  const refusal = (detail: string) => new ApiProblem({ code: "invalid_spec", detail }, 422);

  expect(faultsOf(refusal("trim: start: 'x' is not a time"), "trim")).toEqual({ start: "'x' is not a time" });
  expect(faultsOf(refusal("filter: chain: item 2 (blur): x: no length: 'zz'"), "filter")).toEqual({
    "chain.1.x": "no length: 'zz'",
  });
  expect(faultsOf(refusal("publish, line 4: ladder: crf: not a number"), "ladder")).toEqual({
    crf: "not a number",
  });
});

test("values change deep inside, and what is empty is not sent", () => {
  const values = withValue({ chain: [{ filter: "blur" }, { filter: "fps" }] }, ["chain", 1, "fps"], "30");

  expect(values).toEqual({ chain: [{ filter: "blur" }, { filter: "fps", fps: "30" }] });
  expect(said({ start: "", style: { font: undefined }, mode: "copy" })).toEqual({ mode: "copy" });
});

test("of a stored spec only what a person chose comes back", () => {
  const spec = { op: "gif", version: 1, start: "0s", duration: "5s", width: 480, keep: true };
  const properties = {
    start: { default: 0 },
    duration: { default: 3e6 },
    width: { default: 480 },
    keep: { default: true },
  };

  expect(chosen(spec, properties)).toEqual({ duration: "5s" });
});
