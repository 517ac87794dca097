/** A draft made of an earlier job: what was asked for, to be changed and asked for again. */
import {
  type JobDetailView,
  type OperationView,
  operationsShow,
  type PipelineView,
  pipelinesShow,
} from "@/shared/api";
import type { Values } from "../form/schema";
import { chosen, isValues } from "../form/values";
import type { Draft } from "./draft";

/** Undefined where the job was no single operation and no pipeline that is known. */
export async function draftOf(job: JobDetailView): Promise<Partial<Draft> | undefined> {
  const specs = job.specs as Values[];
  const [first] = specs;
  const { input = job.video_id ?? "", ...sides } = job.videos;
  const shared = { priority: job.priority };
  if (first !== undefined && specs.length === 1 && first.op === job.kind) {
    const name = String(first.op);
    const { data } = await operationsShow({ path: { name }, throwOnError: true });
    const { sources, ...values } = chosenOf(first, data);
    const joined = name === "concat" && Array.isArray(sources);
    return {
      ...shared,
      work: { is: "operation", name },
      videos: joined ? sources.flatMap((source) => job.videos[String(source)] ?? []) : [input],
      sides: joined ? {} : sides,
      values,
    };
  }
  const { data } = await pipelinesShow({ path: { name: job.kind } });
  if (data === undefined) return undefined;
  return {
    ...shared,
    work: { is: "pipeline", name: job.kind },
    videos: [input],
    sides,
    values: await settingsOf(specs, data),
  };
}

async function settingsOf(specs: Values[], pipeline: PipelineView): Promise<Values> {
  const settings: Values = {};
  for (const [place, step] of (pipeline.steps as Values[]).entries()) {
    const spec = specs[place];
    if (spec === undefined || spec.op !== step.op) continue;
    const { data } = await operationsShow({ path: { name: String(step.op) }, throwOnError: true });
    const own = Object.fromEntries(
      Object.entries(chosenOf(spec, data)).filter(
        ([name, value]) => JSON.stringify(value) !== JSON.stringify(step[name]),
      ),
    );
    if (Object.keys(own).length > 0) settings[String(step.name ?? step.op)] = own;
  }
  return settings;
}

function chosenOf(spec: Values, operation: OperationView): Values {
  const { properties } = operation.fields as { properties?: unknown };
  return chosen(spec, isValues(properties) ? (properties as Record<string, { default?: unknown }>) : {});
}
