/** The same job as a command, a request or a program: texts that run as they are. */
import type { JobRequest } from "@/shared/api";
import type { Values } from "../form/schema";
import { isValues } from "../form/values";

export type Recipe = { name: "CLI" | "curl" | "Python"; text: string; note: string };

const KEY_NOTE = "FRAMEMILL_KEY holds a key: `framemill keys create NAME` makes one.";

/** `files` are the names of the inputs' files, by the inputs' names. */
export function recipesOf(request: JobRequest, files: Record<string, string>, origin: string): Recipe[] {
  const body = JSON.stringify(request, null, 2);
  return [
    {
      name: "CLI",
      text: commandOf(request, files),
      note: "Works on files of the machine that it runs on: nothing is uploaded, results lie beside.",
    },
    {
      name: "curl",
      text: [
        `curl --fail-with-body '${origin}/api/v1/jobs' \\`,
        '  -H "Authorization: Bearer $FRAMEMILL_KEY" \\',
        "  -H 'Content-Type: application/json' \\",
        `  -d ${quoted(body)}`,
      ].join("\n"),
      note: KEY_NOTE,
    },
    { name: "Python", text: programOf(request, origin), note: `Needs nothing but Python. ${KEY_NOTE}` },
  ];
}

function programOf(request: JobRequest, origin: string): string {
  return `import json
import os
import urllib.request

job = json.loads(${pythonText(JSON.stringify(request))})
request = urllib.request.Request(
    "${origin}/api/v1/jobs",
    data=json.dumps(job).encode(),
    headers={
        "Authorization": "Bearer " + os.environ["FRAMEMILL_KEY"],
        "Content-Type": "application/json",
    },
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["id"])`;
}

function commandOf(request: JobRequest, files: Record<string, string>): string {
  const first = fileOf(files.input ?? "video.mp4");
  const priority = request.priority === undefined ? [] : ["--priority", String(request.priority)];
  const reuse = request.reuse === false ? ["--no-reuse"] : [];
  if ("pipeline" in request) {
    const settings = Object.entries(request.settings ?? {}).flatMap(([name, value]) => [
      "--set",
      `${name}=${plain(value)}`,
    ]);
    return line(["framemill", "run", request.pipeline, first, ...settings, ...priority, ...reuse]);
  }
  const { op, sources, chain, ...fields } = ("operation" in request ? request.operation : {}) as Values;
  const inputs = Array.isArray(sources)
    ? sources.map((name) => fileOf(files[String(name)] ?? String(name)))
    : [first];
  const options = Object.entries(fields).flatMap(([name, value]) => optionOf(name, value, files));
  const filters = (Array.isArray(chain) ? chain : []).flatMap((item) => ["--chain", filterOf(item, files)]);
  const name = String(op).replaceAll("_", "-");
  return line(["framemill", name, ...inputs, ...options, ...filters, ...priority, ...reuse]);
}

function optionOf(name: string, value: unknown, files: Record<string, string>): string[] {
  const flag = `--${name.replaceAll("_", "-")}`;
  if (typeof value === "boolean") return [value ? flag : flag.replace("--", "--no-")];
  if (Array.isArray(value) && ["file", "title"].includes(name)) {
    return value.flatMap((one) => [flag, files[String(one)] ?? String(one)]);
  }
  return [`${flag}=${typeof value === "string" ? (files[value] ?? value) : plain(value)}`];
}

/** `blur x=10 y=20`: a filter and its fields, each as one word of a shell. */
function filterOf(item: unknown, files: Record<string, string>): string {
  if (!isValues(item)) return String(item);
  const { filter, ...fields } = item;
  const words = Object.entries(fields).map(
    ([name, value]) =>
      `${name}=${shellWord(typeof value === "string" ? (files[value] ?? value) : plain(value))}`,
  );
  return [String(filter), ...words].join(" ");
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(",");
  if (isValues(value)) {
    return Object.entries(value)
      .map(([name, inner]) => `${name}=${plain(inner)}`)
      .join(",");
  }
  return String(value);
}

/** A file whose name begins with a dash is no option. */
function fileOf(name: string): string {
  return name.startsWith("-") ? `./${name}` : name;
}

function line(words: string[]): string {
  return words.map(shellWord).join(" ");
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : quoted(word);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A text as Python reads it: JSON's own escapes are also Python's. */
function pythonText(text: string): string {
  return JSON.stringify(text);
}
