package dev.tally.streams.http;

import dev.tally.keys.Ids;
import dev.tally.keys.Subject;
import dev.tally.settings.Durations;
import dev.tally.streams.export.Place;
import dev.tally.streams.query.Dimension;
import io.javalin.http.Context;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a request asks for, checked. Throws {@link Problem.Signal} where it is malformed. */
final class Call {

    /** The longest range of days one answer gives. */
    static final int MAX_DAYS = 10_000;

    private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);
    private static final String DEFAULT_METER = "actions";
    private static final int DEFAULT_DAYS = 35;

    private static final Pattern PLACE = Pattern.compile("(\\d{1,9}):(\\d{1,18})");

    /** Years of four digits only: ISO's signed years would overflow once days are added to them. */
    private static final Pattern DAY = Pattern.compile("\\d{4}-\\d{2}-\\d{2}");

    /** Years of four digits only; the rest is left to the parser. */
    private static final Pattern INSTANT = Pattern.compile("\\d{4}-\\d{2}-\\d{2}T[\\d:.]+Z");

    private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

    private final Context context;
    private final InstantSource clock;
    private final Map<String, String> parameters;

    /** @param known the query parameters of the route; any other is refused */
    Call(Context context, InstantSource clock, String... known) {
        this.context = context;
        this.clock = clock;
        this.parameters = parameters(context.queryString());
        Set<String> unknown = new TreeSet<>(parameters.keySet());
        unknown.removeAll(Set.of(known));
        if (!unknown.isEmpty()) {
            throw bad("unknown parameter " + String.join(", ", unknown) + "; known: "
                    + (known.length == 0 ? "none" : String.join(", ", known)));
        }
    }

    /** One parameter of a request's query, whatever others there are; null where it is not given. */
    static @Nullable String parameter(Context context, String name) {
        return parameters(context.queryString()).get(name);
    }

    /** The subject that a path is about: a user's or org's, or what a subscription is named by. */
    static Subject subjectOfPath(Context context) {
        return rawSegment(context, 2).equals("subscriptions") ? wholeSubject(context) : subject(context);
    }

    private static Map<String, String> parameters(@Nullable String query) {
        Map<String, String> parameters = new LinkedHashMap<>();
        if (query == null) {
            return parameters;
        }
        for (String pair : query.split("&", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            String name = decoded(equals < 0 ? pair : pair.substring(0, equals));
            if (parameters.put(name, equals < 0 ? "" : decoded(pair.substring(equals + 1))) != null) {
                throw bad(name + " is given more than once");
            }
        }
        return parameters;
    }

    private static String decoded(String raw) {
        try {
            return RawText.ofQuery(raw);
        } catch (IllegalArgumentException e) {
            throw bad("the query " + e.getMessage());
        }
    }

    private static Problem.Signal bad(String detail) {
        return new Problem.Signal(Problem.badRequest(detail));
    }

    /** The user or org of the path. Its id is decoded once, from the raw path, so an id may hold any character. */
    Subject subject() {
        return subject(context);
    }

    private static Subject subject(Context context) {
        return subject(
                rawSegment(context, 2).equals("users") ? Subject.Kind.USER : Subject.Kind.ORG,
                decodedSegment(context, 3));
    }

    /** The subject that is the whole of the path's last part, {@code user:<id>}; decoded once, what follows the colon is the id. */
    Subject wholeSubject() {
        return wholeSubject(context);
    }

    private static Subject wholeSubject(Context context) {
        String text = decodedSegment(context, 3);
        for (Subject.Kind kind : Subject.Kind.values()) {
            String prefix = kind.name().toLowerCase(Locale.ROOT) + ":";
            if (text.startsWith(prefix)) {
                return subject(kind, text.substring(prefix.length()));
            }
        }
        throw bad("a subject is user:<id> or org:<id>, not '" + text + "'");
    }

    private static Subject subject(Subject.Kind kind, String id) {
        Ids.problem(id).ifPresent(problem -> {
            throw bad("the id " + problem);
        });
        return new Subject(kind, id);
    }

    private static String decodedSegment(Context context, int index) {
        try {
            return RawText.ofPath(rawSegment(context, index));
        } catch (IllegalArgumentException e) {
            throw bad("the path " + e.getMessage());
        }
    }

    /** A segment as the client sent it: Javalin's path parameters went through a decoder that guesses at broken bytes. */
    private static String rawSegment(Context context, int index) {
        return context.req().getRequestURI().split("/", -1)[index];
    }

    /** An id that is a part of the path, counted from the one after the first slash. */
    String id(int index, String name) {
        String id = decodedSegment(context, index);
        Ids.problem(id).ifPresent(problem -> {
            throw bad(name + " " + problem);
        });
        return id;
    }

    /** The payer of an admission, as its answers name it. */
    Subject payer() {
        String payer = parameters.get("payer");
        if (payer == null) {
            throw bad(
                    "payer is missing: an actionId names an action among its payer's; give payer=, as the answer to POST /v1/admissions"
                            + " has it");
        }
        try {
            return Subject.parse(payer);
        } catch (IllegalArgumentException e) {
            throw bad("payer: " + e.getMessage());
        }
    }

    /** How long to wait, not at all by default. */
    Duration longestWait() {
        String value = parameters.getOrDefault("wait", "0s");
        try {
            Duration wait = Durations.parse(value);
            if (!wait.isNegative() && wait.compareTo(LONGEST_WAIT) <= 0) {
                return wait;
            }
        } catch (IllegalArgumentException e) {
            throw bad("wait: " + e.getMessage());
        }
        throw bad("wait is " + value + "; it may be 0s to " + Durations.format(LONGEST_WAIT));
    }

    /** The meter asked for, {@code actions} by default. */
    String meter() {
        String meter = parameters.getOrDefault("meter", DEFAULT_METER);
        Ids.problem(meter).ifPresent(problem -> {
            throw bad("meter " + problem);
        });
        return meter;
    }

    /** The day asked for, today by default. */
    LocalDate day() {
        return Objects.requireNonNullElseGet(date("day"), this::today);
    }

    /** A parameter as it is; empty where it is not given. */
    Optional<String> text(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    /** Whether a parameter is given. */
    boolean has(String name) {
        return parameters.containsKey(name);
    }

    /**
     * A range of days, both ends inclusive.
     *
     * @param chosen whether the caller named its beginning
     */
    record Days(LocalDate from, LocalDate to, boolean chosen) {}

    /** The range asked for; by default the last 35 days. */
    Days days() {
        LocalDate from = date("from");
        LocalDate last = Objects.requireNonNullElseGet(date("to"), this::today);
        LocalDate first = from == null ? last.minusDays(DEFAULT_DAYS - 1) : from;
        if (last.isBefore(first)) {
            throw bad("from " + first + " is after to " + last);
        }
        if (!last.isBefore(first.plusDays(MAX_DAYS))) {
            throw bad("from " + first + " to " + last + " is more than " + MAX_DAYS + " days");
        }
        return new Days(first, last, from != null);
    }

    /** The dimensions of {@code by}, in the order asked for. */
    Set<Dimension> dimensions() {
        Set<Dimension> dimensions = new LinkedHashSet<>();
        String by = parameters.get("by");
        if (by == null) {
            throw bad("by is missing; " + knownDimensions());
        }
        for (String name : by.split(",", -1)) {
            if (!dimensions.add(dimension(name))) {
                throw bad("by names " + name + " more than once");
            }
        }
        return dimensions;
    }

    private static Dimension dimension(String name) {
        for (Dimension dimension : Dimension.values()) {
            if (Shapes.name(dimension).equals(name)) {
                return dimension;
            }
        }
        throw bad("by is '" + name + "'; " + knownDimensions());
    }

    private static String knownDimensions() {
        StringBuilder known = new StringBuilder("known:");
        for (Dimension dimension : Dimension.values()) {
            known.append(known.charAt(known.length() - 1) == ':' ? " " : ", ").append(Shapes.name(dimension));
        }
        return known.toString();
    }

    /** A parameter that is a whole number; {@code byDefault} where it is not given. */
    long number(String name, long least, long most, long byDefault) {
        String value = parameters.get(name);
        if (value == null) {
            return byDefault;
        }
        if (NUMBER.matcher(value).matches()) {
            long number = Long.parseLong(value);
            if (number >= least && number <= most) {
                return number;
            }
        }
        throw bad(name + " is '" + value + "', not a whole number from " + least + " to " + most);
    }

    /** How rows are to be written, NDJSON by default. */
    RowFormat rowFormat() {
        String name = parameters.getOrDefault("format", RowFormat.NDJSON.extension());
        for (RowFormat format : RowFormat.values()) {
            if (format.extension().equals(name)) {
                return format;
            }
        }
        throw bad("format is '" + name + "'; known: ndjson, csv");
    }

    /** The record behind which an export goes on; null where it begins at the beginning. */
    @Nullable
    Place after() {
        Map<Integer, Long> places = places("after");
        if (places.size() > 1) {
            throw bad("after names one record, as <partition>:<offset>");
        }
        return places.entrySet().stream()
                .findFirst()
                .map(one -> new Place(one.getKey(), one.getValue()))
                .orElse(null);
    }

    /** The records that an export does not go beyond; null where it has none. */
    @Nullable
    Map<Integer, Long> until() {
        return has("until") ? places("until") : null;
    }

    /** Offsets by partition, as {@code <partition>:<offset>} with commas between; none where the parameter is not given. */
    Map<Integer, Long> places(String name) {
        Map<Integer, Long> places = new TreeMap<>();
        String value = parameters.getOrDefault(name, "");
        if (value.isEmpty()) {
            return places;
        }
        for (String one : value.split(",", -1)) {
            Matcher place = PLACE.matcher(one);
            if (!place.matches()) {
                throw bad(name + " has '" + one + "', not a record such as 3:4711");
            }
            if (places.put(Integer.valueOf(place.group(1)), Long.valueOf(place.group(2))) != null) {
                throw bad(name + " names partition " + place.group(1) + " more than once");
            }
        }
        return places;
    }

    /** A parameter that is a day; null where it is not given. */
    @Nullable
    LocalDate date(String name) {
        String value = parameters.get(name);
        if (value == null) {
            return null;
        }
        if (DAY.matcher(value).matches()) {
            try {
                return LocalDate.parse(value);
            } catch (DateTimeParseException e) {
                throw bad(name + " is '" + value + "', a day that no calendar has");
            }
        }
        throw bad(name + " is '" + value + "', not a day such as 2026-11-21");
    }

    /** A parameter that is an instant; {@code byDefault} where it is not given. */
    Instant instant(String name, Instant byDefault) {
        String value = parameters.get(name);
        if (value == null) {
            return byDefault;
        }
        if (INSTANT.matcher(value).matches()) {
            try {
                return Instant.parse(value);
            } catch (DateTimeParseException e) {
                throw bad(name + " is '" + value + "', an instant that no calendar has");
            }
        }
        throw bad(name + " is '" + value + "', not an instant such as 2026-11-21T23:59:59Z");
    }

    private LocalDate today() {
        return clock.instant().atZone(ZoneOffset.UTC).toLocalDate();
    }
}
