import { TextLink } from "./links";

/** To a job's own page. */
export function JobLink({ id, title }: { id: string; title: string }) {
  return (
    <TextLink to="/jobs/$jobId" params={{ jobId: id }} size="sm">
      {title || id}
    </TextLink>
  );
}
