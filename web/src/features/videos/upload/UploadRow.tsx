import { ActionIcon, FileButton, Group, Progress, Tooltip } from "@mantine/core";
import { IconFile, IconPlayerPause, IconPlayerPlay, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { MouseEventHandler, ReactNode, Ref } from "react";
import { ApiProblem, jobsShowOptions } from "@/shared/api";
import { percent } from "@/shared/format";
import { TextLink } from "@/shared/routing/links";
import { toast } from "@/shared/ui";
import { isSame } from "./begun";
import { saidOf, shareOf } from "./said";
import classes from "./upload.module.css";
import { type Upload, uploads } from "./uploads";

/** One file on its way. */
export function UploadRow({ upload }: { upload: Upload }) {
  const { phase, name } = upload;
  const share = shareOf(upload);
  const videoId = phase.name === "there" || phase.name === "duplicate" ? phase.videoId : undefined;
  return (
    <li className={classes.row} aria-label={name}>
      <Group gap={4} wrap="nowrap" justify="space-between">
        <span className={classes.name} title={name}>
          {name}
        </span>
        <Group gap={2} wrap="nowrap">
          <Controls upload={upload} />
        </Group>
      </Group>
      {phase.name === "there" && phase.jobId !== null ? (
        <Processing jobId={phase.jobId} />
      ) : (
        <>
          <div className={classes.said} data-figures data-kind={phase.name === "failed" ? "bad" : undefined}>
            {saidOf(upload)}
          </div>
          {share !== undefined && (
            <Progress
              value={share}
              size="sm"
              aria-label={`${name}: ${phase.name}`}
              color={phase.name === "hashing" ? "gray" : undefined}
            />
          )}
        </>
      )}
      {videoId !== undefined && (
        <TextLink to="/videos/$videoId" params={{ videoId }} size="sm">
          {phase.name === "duplicate" ? "Show the video that is here" : "Show the video"}
        </TextLink>
      )}
    </li>
  );
}

/** What is made of it first. */
function Processing({ jobId }: { jobId: string }) {
  const job = useQuery(jobsShowOptions({ path: { job_id: jobId } })).data;
  const said = {
    queued: "Waiting to be processed",
    running: `Processing ${percent(job?.progress ?? 0)}`,
    paused: "Processing is paused",
    completed: "Ready",
    failed: "Processing failed",
    cancelled: "Processing was cancelled",
  };
  return (
    <>
      <Group
        gap="xs"
        className={classes.said}
        data-figures
        data-kind={job?.state === "failed" ? "bad" : undefined}
      >
        {job === undefined ? "Uploaded" : said[job.state]}
        {job?.state === "failed" && (
          <TextLink to="/jobs/$jobId" params={{ jobId }} size="sm">
            Why
          </TextLink>
        )}
      </Group>
      {job?.state === "running" && <Progress value={job.progress} size="sm" aria-label="Processing" />}
    </>
  );
}

function Controls({ upload: { id, name, size, phase, handle } }: { upload: Upload }) {
  const going = ["waiting", "hashing", "uploading"].includes(phase.name);
  const over = ["there", "duplicate"].includes(phase.name);

  function give(file: File | null) {
    if (file === null) return;
    if (isSame(file, { name, size })) return uploads.give(id, file);
    const detail = `${file.name} is another file than ${name}.`;
    toast.problem(new ApiProblem({ code: "another_file", detail, hint: "Choose the same one." }, 422));
  }

  return (
    <>
      {going && (
        <Act label={`Pause ${name}`} onClick={() => uploads.pause(id)}>
          <IconPlayerPause size={16} />
        </Act>
      )}
      {(phase.name === "paused" || phase.name === "failed") && (
        <Act label={`Resume ${name}`} onClick={() => uploads.resume(id)}>
          <IconPlayerPlay size={16} />
        </Act>
      )}
      {phase.name === "fileless" && handle !== undefined && (
        <Act label={`Open ${name} again`} onClick={() => void uploads.reopen(id)}>
          <IconPlayerPlay size={16} />
        </Act>
      )}
      {phase.name === "fileless" && (
        <FileButton onChange={give}>
          {(props) => (
            <Act {...props} label={`Choose ${name} again`}>
              <IconFile size={16} />
            </Act>
          )}
        </FileButton>
      )}
      {over ? (
        <Act label={`Dismiss ${name}`} onClick={() => uploads.dismiss(id)}>
          <IconX size={16} />
        </Act>
      ) : (
        phase.name !== "completing" && (
          <Act label={`Cancel ${name}`} onClick={() => void uploads.cancel(id).catch(toast.problem)}>
            <IconX size={16} />
          </Act>
        )
      )}
    </>
  );
}

type ActProps = { label: string; onClick: MouseEventHandler<HTMLButtonElement>; children: ReactNode };

function Act({ label, onClick, children, ref }: ActProps & { ref?: Ref<HTMLButtonElement> }) {
  return (
    <Tooltip label={label}>
      <ActionIcon ref={ref} variant="subtle" color="gray" size="md" aria-label={label} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
