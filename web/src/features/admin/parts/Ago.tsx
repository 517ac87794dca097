import { Tooltip } from "@mantine/core";
import { ago, moment } from "@/shared/format";

/** `5 minutes ago`, and the moment itself where one points. */
export function Ago({ at, never = "never" }: { at: string | null; never?: string }) {
  if (at === null) return <span>{never}</span>;
  return (
    <Tooltip label={moment(at)}>
      <time dateTime={at}>{ago(at)}</time>
    </Tooltip>
  );
}
