package dev.tally.streams.http;

import dev.tally.streams.http.auth.Caller;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Who exports now. Each export reads the log as fast as it can, whoever's rows it looks for, which is not what the process is for: so
 * there are few at a time, of each caller one, and callers whose tokens are narrowed to a subject never have all places.
 */
final class ExportPlaces {

    private static final int ALL = 2;
    private static final int OF_NARROWED = ALL - 1;

    private final Set<String> callers = new HashSet<>();
    private int taken;
    private int takenByNarrowed;

    /** Takes a place, to be left again; or why there is none. */
    synchronized Optional<String> enter(Caller caller) {
        if (taken == ALL) {
            return Optional.of(ALL + " exports are running here; more are not read at once");
        }
        if (caller.isNarrowed() && takenByNarrowed == OF_NARROWED) {
            return Optional.of("an export for another token of one user or org is running here");
        }
        if (isKnown(caller) && !callers.add(caller.key())) {
            return Optional.of("an export for the same caller is running here");
        }
        taken++;
        takenByNarrowed += caller.isNarrowed() ? 1 : 0;
        return Optional.empty();
    }

    synchronized void leave(Caller caller) {
        callers.remove(caller.key());
        taken--;
        takenByNarrowed -= caller.isNarrowed() ? 1 : 0;
    }

    /** Where nobody is asked for a token nobody is told apart. */
    private static boolean isKnown(Caller caller) {
        return !caller.equals(Caller.ANYBODY);
    }
}
