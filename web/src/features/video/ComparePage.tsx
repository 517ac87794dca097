import { EmptyState, PageHeader } from "@/shared/ui";

export function ComparePage() {
  return (
    <>
      <PageHeader title="Compare" />
      <EmptyState title="Nothing here yet">This page is being built.</EmptyState>
    </>
  );
}
