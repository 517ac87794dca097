import { Anchor, Container, Stack } from "@mantine/core";
import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { EmptyState, PageHeader, ProblemNote } from "@/shared/ui";

/** A page that could not be shown. The rest of the pages goes on. */
export function RouteProblem({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <Container size="sm" py="xl">
      <PageHeader title="This page could not be shown" />
      <Stack>
        <ProblemNote
          error={error}
          onRetry={() => {
            reset();
            router.invalidate();
          }}
        />
      </Stack>
    </Container>
  );
}

export function MissingPage() {
  return (
    <Container size="sm" py="xl">
      <PageHeader title="There is no such page" />
      <EmptyState title="Nothing is here">
        It may have been deleted, or the address is not complete.{" "}
        <Anchor component={Link} to="/videos">
          To the videos
        </Anchor>
      </EmptyState>
    </Container>
  );
}
