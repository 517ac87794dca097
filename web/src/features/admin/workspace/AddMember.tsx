import { Autocomplete, Button, Group, NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { type MemberView, type Role, usersListOptions } from "@/shared/api";
import { useSelf } from "@/shared/session";
import { type Admission, isRole, ROLE_NAMES, ROLES } from "./membership";

type Props = { onAdd: (admission: Admission) => void; members: readonly MemberView[] };

/** Lets a user in by name. Only admins see which names there are. */
export function AddMember({ onAdd, members }: Props) {
  const self = useSelf();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const users = useQuery({ ...usersListOptions({ query: { limit: 100 } }), enabled: self.admin });
  const inside = new Set(members.map((member) => member.name));
  const names = (users.data?.items ?? []).map((user) => user.name).filter((one) => !inside.has(one));
  function submit(event: SubmitEvent) {
    event.preventDefault();
    const before = members.find((member) => member.name === name.trim())?.role ?? null;
    onAdd({ name: name.trim(), role, before });
    setName("");
  }
  return (
    <Group component="form" align="flex-end" gap="xs" onSubmit={submit}>
      <Autocomplete
        label="User"
        required
        withAsterisk={false}
        flex={1}
        miw={180}
        maw={320}
        data={names}
        value={name}
        onChange={setName}
      />
      <NativeSelect
        label="Role"
        value={role}
        data={ROLES.map((one) => ({ value: one, label: ROLE_NAMES[one] }))}
        onChange={({ currentTarget: { value } }) => isRole(value) && setRole(value)}
      />
      <Button type="submit">Add</Button>
    </Group>
  );
}
