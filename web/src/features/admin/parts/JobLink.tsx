import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";

/** To a job's own page. */
export function JobLink({ id, title }: { id: string; title: string }) {
  return (
    <Anchor component={Link} to="/jobs/$jobId" params={{ jobId: id }} size="sm">
      {title || id}
    </Anchor>
  );
}
