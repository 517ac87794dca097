import { Code, List, Stack, Text, Title } from "@mantine/core";
import { Fragment } from "react";

/** A page of docs/errors: headings, paragraphs and lists are all that stands in them. */
export function DocsText({ text }: { text: string }) {
  return (
    <Stack gap="xs">
      {text
        .split(/\n{2,}/)
        .filter((block) => !block.startsWith("# "))
        .map((block) => (
          <Block key={block} block={block.trim()} />
        ))}
    </Stack>
  );
}

function Block({ block }: { block: string }) {
  if (block.startsWith("## ")) {
    return (
      <Title order={3} size="h6">
        {block.slice(3)}
      </Title>
    );
  }
  if (block.startsWith("```")) return <Code block>{block.replace(/^```\w*\n|\n?```$/g, "")}</Code>;
  if (block.startsWith("- ")) {
    return (
      <List size="sm">
        {block.split(/\n(?=- )/).map((item) => (
          <List.Item key={item}>
            <Line text={item.slice(2)} />
          </List.Item>
        ))}
      </List>
    );
  }
  return (
    <Text size="sm">
      <Line text={block} />
    </Text>
  );
}

/** Code in ticks stays code; of links only their words are shown. */
function Line({ text }: { text: string }) {
  const plain = text.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1").replaceAll("\n", " ");
  return plain.split("`").map((part, place) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of a text that never changes
    place % 2 === 1 ? <Code key={place}>{part}</Code> : <Fragment key={place}>{part}</Fragment>,
  );
}
