import { Badge, Code, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { adminListSettingsOptions, type SettingView } from "@/shared/api";
import { EmptyState, PageHeader } from "@/shared/ui";
import { DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Loaded";
import { Panel } from "../parts/Panel";

const route = getRouteApi("/inside/admin/settings");

/** Every setting as it holds, and where it comes from; of secrets only whether they are set. */
export function SettingsPage() {
  const { find = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const settings = useQuery(adminListSettingsOptions());
  const sought = find.toLowerCase();
  return (
    <>
      <PageHeader title="Settings">
        <TextInput
          aria-label="Find a setting"
          placeholder="Find a setting"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={find}
          onChange={({ currentTarget: { value } }) =>
            void navigate({ search: value === "" ? {} : { find: value }, replace: true })
          }
        />
      </PageHeader>
      <Panel
        title="As they hold"
        says={
          <>
            Read once at the start, from the environment (<Code>FRAMEMILL_NAME</Code>) or the file; to change
            one, change it there and start again.
          </>
        }
      >
        <Loaded query={settings} rows={12}>
          {(all) => {
            const found = all.filter(({ name, description }) =>
              `${name} ${description}`.toLowerCase().includes(sought),
            );
            return found.length === 0 ? (
              <EmptyState title="No setting says this">Try another word.</EmptyState>
            ) : (
              <DataTable
                name="Settings"
                rows={found}
                keyOf={({ name }) => name}
                columns={[
                  { label: "Name", cell: (setting) => <Name setting={setting} /> },
                  { label: "Value", cell: (setting) => <Value setting={setting} /> },
                  { label: "From", cell: ({ origin }) => <Origin origin={origin} /> },
                ]}
              />
            );
          }}
        </Loaded>
      </Panel>
    </>
  );
}

function Name({ setting: { name, description } }: { setting: SettingView }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {name}
      </Text>
      <Text size="xs" c="dimmed" fw={400}>
        {description}
      </Text>
    </div>
  );
}

function Value({ setting: { secret, is_set, value } }: { setting: SettingView }) {
  if (secret) return <Badge color="gray">{is_set ? "set, secret" : "not set"}</Badge>;
  if (value === null || value === "") {
    return (
      <Text size="sm" c="dimmed">
        not set
      </Text>
    );
  }
  return <Code>{String(value)}</Code>;
}

function Origin({ origin }: { origin: string }) {
  return origin === "default" ? (
    <Text size="sm" c="dimmed">
      default
    </Text>
  ) : (
    <Badge variant="light">{origin}</Badge>
  );
}
