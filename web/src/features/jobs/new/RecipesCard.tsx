import { Card, Stack, Tabs, Text, Title } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { type JobRequest, videosShowOptions } from "@/shared/api";
import { CopyBox } from "../CopyBox";
import { recipesOf } from "./recipes";

/** The same job without this page. */
export function RecipesCard({ request }: { request: JobRequest }) {
  const inputs = Object.entries({ input: request.video, ...request.inputs });
  const videos = useQueries({
    queries: inputs.map(([, id]) => videosShowOptions({ path: { video_id: id } })),
  });
  const files = Object.fromEntries(
    inputs.map(([name], place) => [name, videos[place]?.data?.filename ?? `${name}.mp4`]),
  );
  return (
    <Card withBorder component="section" aria-labelledby="recipes">
      <Stack gap="sm">
        <Title order={2} size="h5" id="recipes">
          Without this page
        </Title>
        <Tabs defaultValue="CLI" variant="pills">
          <Tabs.List mb="xs" aria-label="Copy as">
            {recipesOf(request, files, window.location.origin).map(({ name }) => (
              <Tabs.Tab key={name} value={name}>
                {name}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {recipesOf(request, files, window.location.origin).map(({ name, text, note }) => (
            <Tabs.Panel key={name} value={name}>
              <CopyBox text={text} label={name} />
              <Text size="xs" c="dimmed" mt={6}>
                {note}
              </Text>
            </Tabs.Panel>
          ))}
        </Tabs>
      </Stack>
    </Card>
  );
}
