package dev.tally.streams.topology;

import dev.tally.streams.entitlements.Model;
import dev.tally.streams.entitlements.Mutant;
import dev.tally.streams.entitlements.Said;
import dev.tally.streams.entitlements.Sequence;
import dev.tally.streams.entitlements.Step;
import dev.tally.streams.state.Engine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the engine made of a sequence of steps, to be compared with what the model makes of it: what is said, step by step, usage from time to
 * time, and what is billed in the end.
 *
 * @param said by step
 * @param states by number of steps taken
 */
record EntitlementRun(
        Sequence sequence, List<List<Said>> said, Map<Integer, State> states, Map<String, Long> billable) {

    /** Where everybody stands: used, and what covers it. */
    record State(Map<String, List<Long>> usage, Map<String, Model.Coverage> coverage) {}

    /** Periods that began earlier may have expired. */
    private static final Duration KEPT = Duration.ofDays(40);

    private static final int CHECKPOINT_EVERY = 250;
    private static final int HISTORY = 40;

    static EntitlementRun of(Sequence sequence, Path stateDir, Engine engine) {
        List<List<Said>> said = new ArrayList<>();
        Map<Integer, State> states = new TreeMap<>();
        try (EntitlementRig rig = new EntitlementRig(stateDir, engine, sequence.start())) {
            for (Step step : sequence.steps()) {
                said.add(rig.take(step));
                if (isCheckpoint(sequence, said.size())) {
                    states.put(
                            said.size(),
                            new State(rig.usage(), rig.coverage(rig.now().minus(KEPT))));
                }
            }
            return new EntitlementRun(sequence, said, states, new TreeMap<>(rig.billable()));
        }
    }

    private static boolean isCheckpoint(Sequence sequence, int taken) {
        return taken % CHECKPOINT_EVERY == 0 || taken == sequence.steps().size();
    }

    /** The first difference from what the model makes of the same steps, in words. */
    Optional<String> difference(Mutant mutant) {
        Model model = new Model(sequence.start(), mutant);
        for (int i = 0; i < sequence.steps().size(); i++) {
            List<Said> expected = inOrder(model.take(sequence.steps().get(i)));
            List<Said> got = inOrder(said.get(i));
            if (!expected.equals(got)) {
                return Optional.of(words(i, "what is said", only(expected, got), only(got, expected)));
            }
            Optional<String> different = difference(i, model, states.get(i + 1));
            if (different.isPresent()) {
                return different;
            }
        }
        return difference(said.size() - 1, "what is billed", model.billable(), billable);
    }

    private Optional<String> difference(int step, Model model, @Nullable State state) {
        if (state == null) {
            return Optional.empty();
        }
        return difference(step, "usage", model.usage(), state.usage())
                .or(() ->
                        difference(step, "coverage", model.coverage(model.now().minus(KEPT)), state.coverage()));
    }

    private <V> Optional<String> difference(int step, String what, Map<String, V> expected, Map<String, V> got) {
        return expected.equals(got)
                ? Optional.empty()
                : Optional.of(words(step, what, entriesOnlyIn(expected, got), entriesOnlyIn(got, expected)));
    }

    /** What concerns the same limit, payer or org stays in the order in which it was said; how those are mixed means nothing. */
    private static List<Said> inOrder(List<Said> said) {
        return said.stream().sorted(Comparator.comparing(EntitlementRun::about)).toList();
    }

    private static String about(Said said) {
        return switch (said) {
            case Said.Alert alert ->
                String.join(
                        " ",
                        "alert",
                        alert.subject(),
                        alert.scope(),
                        alert.scopeId(),
                        alert.meter(),
                        alert.windowStart().toString(),
                        alert.windowEnd().toString());
            case Said.Decision decision -> "decision " + decision.payer();
            case Said.Seats seats -> "seats " + seats.org();
        };
    }

    private static List<String> only(List<Said> in, List<Said> butNotIn) {
        List<String> only = in.stream()
                .filter(one -> !butNotIn.contains(one))
                .map(Said::toString)
                .toList();
        return only.isEmpty() ? in.stream().map(Said::toString).toList() : only;
    }

    private static <V> List<String> entriesOnlyIn(Map<String, V> in, Map<String, V> butNotIn) {
        return in.entrySet().stream()
                .filter(entry -> !entry.getValue().equals(butNotIn.get(entry.getKey())))
                .map(entry -> entry.getKey() + " = " + entry.getValue())
                .toList();
    }

    private String words(int step, String what, List<String> expected, List<String> got) {
        List<Step> steps = sequence.steps();
        Set<String> concerned = new TreeSet<>();
        Stream.concat(expected.stream(), got.stream()).forEach(line -> concerned.addAll(subjects(line)));
        List<String> history = IntStream.range(0, step)
                .mapToObj(i -> brief(i, concerned))
                .flatMap(Optional::stream)
                .toList();
        return "seed " + sequence.seed() + ", step " + step + " of " + steps.size() + ": " + what + " differs"
                + "\n  expected " + String.join("\n           ", expected) + "\n  got      "
                + String.join("\n           ", got) + "\n  the last of what concerns "
                + concerned + "\n    "
                + String.join("\n    ", history.subList(Math.max(0, history.size() - HISTORY), history.size()))
                + "\n  step\n    " + brief(step, Set.of()).orElse("");
    }

    private static List<String> subjects(String line) {
        return Pattern.compile("(user|org):[^ ,\\]]+")
                .matcher(line)
                .results()
                .map(MatchResult::group)
                .toList();
    }

    /** A step in a line, if it concerns one of the subjects; all of them where none are given. */
    private Optional<String> brief(int index, Set<String> subjects) {
        return switch (sequence.steps().get(index)) {
            case Step.Act act -> {
                List<String> events = act.events().stream()
                        .filter(event -> subjects.isEmpty()
                                || subjects.contains("user:" + event.getUserId())
                                || subjects.contains("org:" + event.getOrgId()))
                        .map(event -> event.getEventId() + " " + event.getUserId() + "/" + event.getOrgId() + "/"
                                + event.getSpaceId() + " at " + event.getOccurredAt() + " " + event.getUsage()
                                + (event.getAdmissionId() == null ? "" : " for " + event.getAdmissionId()))
                        .toList();
                yield events.isEmpty() ? Optional.empty() : Optional.of(index + " " + String.join("; ", events));
            }
            case Step.Pass pass -> Optional.of(index + " " + pass.duration() + " passes");
            case Step.Restart ignored -> Optional.of(index + " restart");
            case Step.Put put -> lineOf(index, put.record().toString(), subjects);
            case Step.Ask ask -> lineOf(index, "ask " + ask.request(), subjects);
            case Step.GiveUp giveUp -> lineOf(index, "cancel " + giveUp.cancel(), subjects);
        };
    }

    private static Optional<String> lineOf(int index, String text, Set<String> subjects) {
        boolean concerns = subjects.isEmpty()
                || subjects.stream()
                        .anyMatch(subject -> text.contains("\"" + subject + "\"")
                                || text.contains("\"orgId\": \"" + subject.replace("org:", "") + "\""));
        return concerns ? Optional.of(index + " " + text) : Optional.empty();
    }
}
