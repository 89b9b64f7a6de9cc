package dev.tally.cli.audit;

import org.jspecify.annotations.Nullable;

/**
 * What Tally says about a window.
 *
 * @param limit null: none
 * @param by what says it, such as a record or an address
 */
public record SaidWindow(
        WindowId window,
        long used,
        long limitUsed,
        @Nullable Long limit,
        String by) {}
