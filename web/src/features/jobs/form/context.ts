/** What every field of a form is given, however deep it lies. */
import { createContext, useContext } from "react";
import type { Faults } from "./faults";
import type { Path } from "./values";

export type FormContext = { faults: Faults; change: (path: Path, value: unknown) => void };

export const Form = createContext<FormContext>({ faults: {}, change: () => undefined });

export function useForm(): FormContext {
  return useContext(Form);
}
