import { EmptyState, PageHeader } from "@/shared/ui";

export function JobPage() {
  return (
    <>
      <PageHeader title="Job" />
      <EmptyState title="Nothing here yet">This page is being built.</EmptyState>
    </>
  );
}
