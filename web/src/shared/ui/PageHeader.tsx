import { Group, Title } from "@mantine/core";
import type { ReactNode } from "react";

type Props = { title: string; children?: ReactNode };

/** A page's heading and the browser's title; `children` are what can be done on the page. */
export function PageHeader({ title, children }: Props) {
  return (
    <>
      <title>{`${title} · Framemill`}</title>
      <Group justify="space-between" mb="lg" mih={36}>
        <Title order={1} size="h3">
          {title}
        </Title>
        {children !== undefined && <Group gap="xs">{children}</Group>}
      </Group>
    </>
  );
}
