import { EmptyState, PageHeader } from "@/shared/ui";

export function VideoPage() {
  return (
    <>
      <PageHeader title="Video" />
      <EmptyState title="Nothing here yet">This page is being built.</EmptyState>
    </>
  );
}
