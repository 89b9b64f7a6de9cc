package dev.tally.streams.state;

import dev.tally.streams.metering.Habits;
import java.util.HashMap;
import java.util.Map;

/** What is usual of a subject's usage, by meter. Immutable. */
public record HabitsByMeter(Map<String, Habits> byMeter) {

    /** Nothing is known. */
    public static final HabitsByMeter NONE = new HabitsByMeter(Map.of());

    public HabitsByMeter {
        byMeter = Map.copyOf(byMeter);
    }

    /** What is usual of a meter; {@link Habits#NONE} where that is not known. */
    public Habits of(String meter) {
        return byMeter.getOrDefault(meter, Habits.NONE);
    }

    /** With what is usual of a meter; without it, where that is {@link Habits#NONE}. */
    public HabitsByMeter with(String meter, Habits habits) {
        Map<String, Habits> more = new HashMap<>(byMeter);
        if (habits.equals(Habits.NONE)) {
            more.remove(meter);
        } else {
            more.put(meter, habits);
        }
        return more.isEmpty() ? NONE : new HabitsByMeter(more);
    }
}
