package dev.tally.schemas.catalogue;

import java.util.List;

/** A catalogue file that cannot be used; carries every problem, each as {@code file:line: path: message}. */
public final class CatalogueException extends Exception {

    private static final long serialVersionUID = 1L;

    private final List<String> problems;

    CatalogueException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    public List<String> problems() {
        return problems;
    }
}
