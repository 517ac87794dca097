"""Operations: one module each, holding a frozen spec and one pure `plan`."""
