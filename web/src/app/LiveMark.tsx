import { Badge } from "@mantine/core";
import { useDebouncedValue, useNetwork } from "@mantine/hooks";
import { useLiveStatus } from "@/shared/live";

/** Says so where the page is not told of changes; nothing while all is well. */
export function LiveMark() {
  // A break that is over at once is nobody's concern.
  const [status] = useDebouncedValue(useLiveStatus(), 1500);
  const { online } = useNetwork();
  if (status !== "waiting" && status !== "connecting") return null;
  return (
    <Badge variant="default" tt="none" role="status">
      {online ? "Reconnecting" : "Offline, reconnecting"}
    </Badge>
  );
}
