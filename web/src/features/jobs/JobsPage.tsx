import { EmptyState, PageHeader } from "@/shared/ui";

export function JobsPage() {
  return (
    <>
      <PageHeader title="Jobs" />
      <EmptyState title="Nothing here yet">This page is being built.</EmptyState>
    </>
  );
}
