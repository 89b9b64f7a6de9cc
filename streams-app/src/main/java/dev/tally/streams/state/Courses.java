package dev.tally.streams.state;

import dev.tally.streams.metering.Course;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The courses of a subject's usage, by meter. There are few meters, and one changes with each action. Immutable. */
public final class Courses {

    /** Of a subject that is seen for the first time. */
    public static final Courses NONE = new Courses(new String[0], new Course[0], false);

    private final String[] meters;
    private final Course[] courses;
    private final boolean hasHabits;

    private Courses(String[] meters, Course[] courses, boolean hasHabits) {
        this.meters = meters;
        this.courses = courses;
        this.hasHabits = hasHabits;
    }

    /** The meters whose courses are known, in order. */
    public List<String> meters() {
        return List.of(meters);
    }

    /** Whether there may be a row of what is usual of the subject. Of those that are seen once or twice there is none. */
    public boolean hasHabits() {
        return hasHabits;
    }

    /** The course of a meter; {@link Course#NONE} where none is known. */
    public Course of(String meter) {
        int at = Arrays.binarySearch(meters, meter);
        return at < 0 ? Course.NONE : courses[at];
    }

    /** With the course of a meter; without it, where that is {@link Course#NONE}. */
    public Courses with(String meter, Course course) {
        int at = Arrays.binarySearch(meters, meter);
        if (course.equals(Course.NONE)) {
            return at < 0 ? this : without(at);
        }
        if (at < 0) {
            return inserted(-at - 1, meter, course);
        }
        Course[] more = courses.clone();
        more[at] = course;
        return new Courses(meters, more, hasHabits);
    }

    private Courses inserted(int at, String meter, Course course) {
        String[] moreMeters = Arrays.copyOf(meters, meters.length + 1);
        Course[] moreCourses = Arrays.copyOf(courses, courses.length + 1);
        System.arraycopy(meters, at, moreMeters, at + 1, meters.length - at);
        System.arraycopy(courses, at, moreCourses, at + 1, courses.length - at);
        moreMeters[at] = meter;
        moreCourses[at] = course;
        return new Courses(moreMeters, moreCourses, hasHabits);
    }

    private Courses without(int at) {
        if (meters.length == 1) {
            return NONE;
        }
        String[] fewerMeters = Arrays.copyOf(meters, meters.length - 1);
        Course[] fewerCourses = Arrays.copyOf(courses, courses.length - 1);
        System.arraycopy(meters, at + 1, fewerMeters, at, fewerMeters.length - at);
        System.arraycopy(courses, at + 1, fewerCourses, at, fewerCourses.length - at);
        return new Courses(fewerMeters, fewerCourses, hasHabits);
    }

    /** With a row of what is usual. */
    public Courses withHabits() {
        return hasHabits ? this : new Courses(meters, courses, true);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Courses that
                && hasHabits == that.hasHabits
                && Arrays.equals(meters, that.meters)
                && Arrays.equals(courses, that.courses);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(meters) + Arrays.hashCode(courses);
    }

    @Override
    public String toString() {
        return Arrays.toString(meters) + Arrays.toString(courses);
    }
}
