package dev.tally.streams.state;

import dev.tally.streams.metering.Course;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The courses of a subject's usage, by meter. Immutable. */
public record Courses(Map<String, Course> byMeter) {

    /** Of a subject that is seen for the first time. */
    public static final Courses NONE = new Courses(Map.of());

    public Courses {
        byMeter = Map.copyOf(byMeter);
    }

    /** The meters whose courses are known. */
    public Set<String> meters() {
        return byMeter.keySet();
    }

    /** The course of a meter; {@link Course#NONE} where none is known. */
    public Course of(String meter) {
        return byMeter.getOrDefault(meter, Course.NONE);
    }

    /** With the course of a meter; without it, where that is {@link Course#NONE}. */
    public Courses with(String meter, Course course) {
        Map<String, Course> more = new HashMap<>(byMeter);
        if (course.equals(Course.NONE)) {
            more.remove(meter);
        } else {
            more.put(meter, course);
        }
        return more.isEmpty() ? NONE : new Courses(more);
    }
}
