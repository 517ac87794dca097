import { IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { EmptyState, PageHeader } from "@/shared/ui";
import { ButtonLink } from "./links";

/** A page that one's role does not reach: it says so, and where to go instead. */
export function NotForYou({ title, children }: { title: string; children: ReactNode }) {
  return (
    <>
      <PageHeader title={title} />
      <EmptyState
        title="This is for others"
        icon={<IconLock size={28} />}
        action={
          <ButtonLink to="/account" variant="default">
            Your account
          </ButtonLink>
        }
      >
        {children}
      </EmptyState>
    </>
  );
}
