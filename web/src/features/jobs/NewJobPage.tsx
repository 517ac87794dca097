import { EmptyState, PageHeader } from "@/shared/ui";

export function NewJobPage() {
  return (
    <>
      <PageHeader title="New job" />
      <EmptyState title="Nothing here yet">This page is being built.</EmptyState>
    </>
  );
}
