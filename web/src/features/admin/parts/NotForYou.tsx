import { Button } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { EmptyState, PageHeader } from "@/shared/ui";

/** A page that one's role does not reach: it says so, and where to go instead. */
export function NotForYou({ title, children }: { title: string; children: ReactNode }) {
  return (
    <>
      <PageHeader title={title} />
      <EmptyState
        title="This is for others"
        icon={<IconLock size={28} />}
        action={
          <Button component={Link} to="/account" variant="default">
            Your account
          </Button>
        }
      >
        {children}
      </EmptyState>
    </>
  );
}
