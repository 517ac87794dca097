import {
  Autocomplete,
  type AutocompleteProps,
  NumberInput,
  Select,
  Switch,
  TagsInput,
  TextInput,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { profilesListOptions } from "@/shared/api";
import { FilePicker } from "../new/FilePicker";
import { useForm } from "./context";
import { GroupField } from "./GroupField";
import { ListField } from "./ListField";
import type { Field, Kind } from "./schema";
import type { Path } from "./values";

type Props = { field: Field; value: unknown; path: Path };

/** One field of a form, whatever it asks for. */
export function FieldView({ field, value, path }: Props) {
  const { kind } = field;
  const { faults, change } = useForm();
  const shared = {
    label: field.label,
    description: field.help || undefined,
    error: faults[path.join(".")],
    required: field.needed,
    placeholder: field.byDefault ?? likeOf(kind),
  };
  switch (kind.is) {
    case "switch":
      return (
        <Switch
          label={field.label}
          description={field.help}
          error={shared.error}
          checked={typeof value === "boolean" ? value : field.byDefault === "true"}
          onChange={({ currentTarget: { checked } }) =>
            change(path, String(checked) === (field.byDefault ?? "false") ? undefined : checked)
          }
        />
      );
    case "choice":
      return (
        <Select
          {...shared}
          data={kind.options.map((option) => ({ value: option, label: WORDS[option] ?? option }))}
          value={value === undefined ? null : String(value)}
          placeholder={field.byDefault ?? (field.needed ? "choose one" : "as fits")}
          clearable={!field.needed}
          clearButtonProps={{ "aria-label": `Clear ${field.label}` }}
          onChange={(option) => change(path, option === null ? undefined : (FLAGS[option] ?? option))}
        />
      );
    case "number":
      return (
        <NumberInput
          {...shared}
          value={typeof value === "number" || typeof value === "string" ? value : ""}
          min={kind.least}
          max={kind.most}
          step={kind.step ?? (kind.whole ? 1 : 0.1)}
          allowDecimal={!kind.whole}
          clampBehavior="none"
          onChange={(number) => change(path, number === "" ? undefined : number)}
        />
      );
    case "input":
      return (
        <FilePicker
          label={field.label}
          help={field.help}
          error={shared.error}
          required={field.needed}
          kind={kind.of}
          names={typeof value === "string" ? [value] : []}
          wanted={field.name}
          onChange={([name]) => change(path, name)}
        />
      );
    case "group":
      return <GroupField field={field} fields={kind.fields} value={value} path={path} />;
    case "list":
      if (kind.of.is === "input") {
        return (
          <FilePicker
            label={field.label}
            help={field.help}
            error={shared.error}
            required={field.needed}
            kind={kind.of.of}
            several
            names={Array.isArray(value) ? value.map(String) : []}
            wanted={field.name}
            onChange={(names) => change(path, names.length === 0 ? undefined : names)}
          />
        );
      }
      return isWritten(kind.of) ? (
        <TagsInput
          {...shared}
          value={Array.isArray(value) ? value.map(String) : []}
          data={kind.of.is === "choice" ? kind.of.options : []}
          placeholder={Array.isArray(value) && value.length > 0 ? undefined : shared.placeholder}
          clearable
          clearButtonProps={{ "aria-label": `Clear ${field.label}` }}
          onChange={(items) => change(path, items.length === 0 ? undefined : items)}
        />
      ) : (
        <ListField field={field} of={kind.of} value={value} path={path} />
      );
    case "variants":
      return <ListField field={field} of={kind} value={value} path={path} single />;
    case "text":
      return field.name === "profile" ? (
        <ProfileField
          {...shared}
          value={String(value ?? "")}
          onChange={(text) => change(path, text || undefined)}
        />
      ) : (
        <TextInput
          {...shared}
          value={typeof value === "string" || typeof value === "number" ? String(value) : ""}
          onChange={({ currentTarget: { value: text } }) => change(path, text === "" ? undefined : text)}
        />
      );
  }
}

type ProfileProps = Omit<AutocompleteProps, "data">;

function ProfileField(props: ProfileProps) {
  const profiles = useQuery({ ...profilesListOptions(), staleTime: Number.POSITIVE_INFINITY });
  const found = profiles.data ?? [];
  return (
    <Autocomplete
      {...props}
      placeholder={props.placeholder ?? "none"}
      data={found.map(({ name }) => name)}
      limit={30}
      clearButtonProps={{ "aria-label": "No profile" }}
      clearable={!props.required}
    />
  );
}

const WORDS: Record<string, string> = { true: "yes", false: "no" };
const FLAGS: Record<string, boolean> = { true: true, false: false };

/** True where several of them fit into one line of writing. */
function isWritten(kind: Kind): boolean {
  return kind.is === "text" || kind.is === "choice" || kind.is === "number";
}

function likeOf(kind: Kind): string | undefined {
  if (kind.is === "text") return kind.like && `such as ${kind.like}`;
  return kind.is === "list" ? likeOf(kind.of) : undefined;
}
