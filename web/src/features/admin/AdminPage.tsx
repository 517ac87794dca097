import { EmptyState, PageHeader } from "@/shared/ui";

export function AdminPage() {
  return (
    <>
      <PageHeader title="Admin" />
      <EmptyState title="Nothing here yet">This page is being built.</EmptyState>
    </>
  );
}
