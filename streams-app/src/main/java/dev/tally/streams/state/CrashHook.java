package dev.tally.streams.state;

/** Is told when a crash point is reached, on the thread that reaches it. Tests end the process there, or fail. */
@FunctionalInterface
public interface CrashHook {

    /** Nothing happens at any point. */
    CrashHook NONE = point -> {};

    /** Called each time a point is reached. */
    void reached(CrashPoint point);
}
