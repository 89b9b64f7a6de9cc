package dev.tally.cli.oracle;

import dev.tally.cli.standin.Variant;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** What a scenario lets go wrong at Stripe. */
final class Troubles {
    private static final Duration A_MOMENT = Duration.ofMillis(60);
    /** Less than what counts as a silence, and more than the sink waits after one. */
    static final Duration A_WHILE = Duration.ofSeconds(11);

    private static final List<String> KINDS = List.of(
            "500", "500-unsaved", "reset", "empty", "html", "garbage", "eof", "slow-body", "hang", "429", "401");
    private static final Set<String> ALWAYS_BEFORE = Set.of("429", "401");
    private static final List<String> OUTAGES = List.of("503", "cut", "429", "401");
    private static final int[] HOURS = {1, 8, 20, 22, 23, 24, 25, 30, 48, 72};

    private final StripeEnd stripe;
    private final boolean streamed;
    private final Random random;
    private final VirtualClock clock;
    private final Progress progress;
    private final Happenings happenings;

    /** @param streamed whether facts go through Stripe's stream */
    Troubles(
            StripeEnd stripe,
            boolean streamed,
            Random random,
            VirtualClock clock,
            Progress progress,
            Happenings happenings) {
        this.stripe = stripe;
        this.streamed = streamed;
        this.random = random;
        this.clock = clock;
        this.progress = progress;
        this.happenings = happenings;
    }

    /** How Stripe behaves where it documents nothing: both ways of each open point, and its limits now and then. */
    static Set<Variant> variants(Random random, Happenings happenings) {
        Set<Variant> variants = EnumSet.noneOf(Variant.class);
        for (Variant variant : Variant.values()) {
            if (random.nextInt(variant == Variant.LIMITS ? 4 : 2) == 0) {
                variants.add(variant);
                happenings.add("variant " + variant);
            }
        }
        return variants;
    }

    void fault() {
        String kind = KINDS.get(random.nextInt(KINDS.size()));
        boolean after = !ALWAYS_BEFORE.contains(kind) && random.nextBoolean();
        happenings.add("fault " + kind + (after ? " after the event is taken" : ""));
        String events = streamed ? "/v2/billing/meter_event_stream" : "/v1/billing/meter_events";
        String path = ",\"path\":\"" + (random.nextInt(8) == 0 ? "/v1/billing/meters" : events) + "\"";
        int count = 1 + random.nextInt(3);
        // The machine's time passes while these last.
        String more = kind.equals("hang") || kind.equals("slow-body") ? ",\"seconds\":0.5" : ",\"count\":" + count;
        if (kind.equals("429") && random.nextBoolean()) {
            // It says when to try again.
            more += ",\"seconds\":1";
        }
        stripe.arm("{\"kind\":\"" + kind + "\",\"when\":\"" + (after ? "after" : "before") + "\"" + more + path + "}");
    }

    /** How long an outage lasts. */
    Duration someHours() {
        return Duration.ofHours(HOURS[random.nextInt(HOURS.length)]);
    }

    void beginOutage(Duration lasting) {
        String answer = OUTAGES.get(random.nextInt(OUTAGES.size()));
        stripe.arm("{\"kind\":\"outage\",\"answer\":\"" + answer + "\",\"seconds\":" + lasting.toSeconds() + "}");
        happenings.add("outage answering " + answer + (lasting.toHours() >= 23 ? ", a day or more" : ""));
    }

    /** Time passes, in steps; in the middle of it an instance of the sink may be replaced. */
    void sitOut(Lives lives, Duration outage) throws InterruptedException {
        int steps = 1 + random.nextInt(3);
        boolean restart = random.nextBoolean();
        for (int i = 0; i < steps; i++) {
            int before = progress.attempts();
            stripe.awaitNoCall();
            clock.jump(outage.dividedBy(steps).plusSeconds(1));
            if (restart && i == 0) {
                lives.replaceEnded();
            }
            progress.await(() -> progress.attempts() > before, A_MOMENT);
            clock.jump(A_WHILE);
            progress.await(() -> progress.attempts() > before, A_MOMENT);
        }
    }
}
