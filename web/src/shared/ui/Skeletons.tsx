import { AspectRatio, SimpleGrid, Skeleton, Stack } from "@mantine/core";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Cards on their way, as large as they will be, so that nothing moves when they come. */
export function CardsSkeleton({ count = 8 }: { count?: number }) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3, xl: 4 }} role="status" aria-busy aria-label="Loading">
      {numbers(count).map((number) => (
        <Stack key={number} gap="xs">
          <AspectRatio ratio={16 / 9}>
            <Skeleton />
          </AspectRatio>
          <Skeleton h={14} w="70%" />
          <Skeleton h={12} w="40%" />
        </Stack>
      ))}
    </SimpleGrid>
  );
}

/** Rows on their way. */
export function RowsSkeleton({ count = 8 }: { count?: number }) {
  return (
    <Stack gap="xs" role="status" aria-busy aria-label="Loading">
      {numbers(count).map((number) => (
        <Skeleton key={number} h={40} />
      ))}
    </Stack>
  );
}
