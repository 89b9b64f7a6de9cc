package dev.tally.schemas.catalogue;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import java.util.List;

/** The records of a catalogue, in the order of the file. */
public record Catalogue(
        List<Meter> meters,
        List<Plan> plans,
        List<Subscription> subscriptions,
        List<Grant> grants,
        List<Membership> memberships) {

    /** A catalogue with nothing in it. */
    public static final Catalogue EMPTY = new Catalogue(List.of(), List.of(), List.of(), List.of(), List.of());

    public Catalogue {
        meters = List.copyOf(meters);
        plans = List.copyOf(plans);
        subscriptions = List.copyOf(subscriptions);
        grants = List.copyOf(grants);
        memberships = List.copyOf(memberships);
    }

    /** The record key on the topic of meters. */
    public static String key(Meter meter) {
        return meter.getMeterId();
    }

    /** The record key on the topic of plans. */
    public static String key(Plan plan) {
        return Keys.plan(plan.getPlanId(), plan.getVersion());
    }

    /** The record key on the topic of subscriptions. */
    public static String key(Subscription subscription) {
        return Subject.parse(subscription.getSubject()).text();
    }

    /** The record key on the topic of grants. */
    public static String key(Grant grant) {
        return Keys.grant(Subject.parse(grant.getSubject()), grant.getGrantId());
    }

    /** The record key on the topic of memberships. */
    public static String key(Membership membership) {
        return Keys.membership(membership.getOrgId(), membership.getUserId());
    }
}
