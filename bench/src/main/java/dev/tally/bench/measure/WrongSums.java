package dev.tally.bench.measure;

/** A program counted something other than the workload holds: no figure of it means anything. */
public final class WrongSums extends RuntimeException {

    /** Says who counted what. */
    public WrongSums(String message) {
        super(message);
    }

    static void require(String who, String what, Object expected, Object found) {
        if (!expected.equals(found)) {
            throw new WrongSums(who + ": " + what + " should be " + expected + ", is " + found);
        }
    }
}
