import { EmptyState, PageHeader } from "@/shared/ui";

export function UploadPage() {
  return (
    <>
      <PageHeader title="Upload" />
      <EmptyState title="Nothing here yet">This page is being built.</EmptyState>
    </>
  );
}
