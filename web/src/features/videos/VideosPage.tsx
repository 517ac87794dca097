import { EmptyState, PageHeader } from "@/shared/ui";

export function VideosPage() {
  return (
    <>
      <PageHeader title="Videos" />
      <EmptyState title="Nothing here yet">This page is being built.</EmptyState>
    </>
  );
}
