package dev.tally.schemas.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.catalogue.CatalogueDiff.Entry;
import dev.tally.schemas.catalogue.CatalogueDiff.Kind;
import org.junit.jupiter.api.Test;

final class CatalogueDiffTest {

    private static final String BASE = """
            meters:
              - {meterId: m, aggregation: COUNT}
            plans:
              - planId: pool
                version: 1
                payer: ORG
                limits: [{scope: ORG, meter: m, window: PERIOD, beyond: REJECT}]
                allocations: [{meter: m, base: 10}]
            subscriptions:
              - subject: "org:o"
                anchor: 2026-01-01T00:00:00Z
                phases: [{planId: pool, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}]
                caps: {memberDefault: 5, member: {a: 1, b: 2}}
                alertEmails: [a@example.org]
            grants:
              - {subject: "org:o", grantId: g, meter: m, amount: 1, effectiveAt: 2026-01-01T00:00:00Z}
            memberships:
              - {orgId: o, userId: u, status: ACCEPTED}
            """;

    @Test
    void shouldFindNothingWhereNothingDiffers() throws CatalogueException {
        CatalogueDiff diff = CatalogueDiff.between(parse(BASE), parse(BASE));

        assertThat(diff.entries()).isEmpty();
        assertThat(diff.toPublish()).isEmpty();
    }

    @Test
    void shouldTellWhatIsNewInAnOrderFitForPublishing() throws CatalogueException {
        CatalogueDiff diff = CatalogueDiff.between(parse(BASE), Catalogue.EMPTY);

        assertThat(diff.toPublish())
                .extracting(entry -> entry.kind() + " " + entry.list() + " " + entry.key())
                .containsExactly(
                        "ADDED meters m",
                        "ADDED plans pool@1",
                        "ADDED memberships o/u",
                        "ADDED grants org:o/g",
                        "ADDED subscriptions org:o");
        assertThat(diff.toPublish()).allSatisfy(entry -> {
            assertThat(entry.toPublish()).isPresent();
            assertThat(entry.fields()).isEmpty();
        });
    }

    @Test
    void shouldTellWhichFieldsDiffer() throws CatalogueException {
        String changed = BASE.replace("{a: 1, b: 2}", "{a: 3, c: 4}")
                .replace("memberDefault: 5, ", "")
                .replace("alertEmails: [a@example.org]", "alertEmails: [b@example.org, a@example.org]")
                .replace(
                        "effectiveFrom: 2026-01-01T00:00:00Z}]",
                        "effectiveFrom: 2026-01-01T00:00:00Z}, {planId: pool, version: 1, effectiveFrom:"
                                + " 2026-02-01T00:00:00Z}]")
                .replace("status: ACCEPTED", "status: ACCEPTED, role: OWNER, acceptedAt: 2026-01-01T00:00:00Z");

        CatalogueDiff diff = CatalogueDiff.between(parse(changed), parse(BASE));

        assertThat(diff.entries()).extracting(Entry::kind).containsExactly(Kind.CHANGED, Kind.CHANGED);
        assertThat(diff.entries().get(0).fields())
                .containsExactly(
                        new FieldDifference("role", "MEMBER", "OWNER"),
                        new FieldDifference("acceptedAt", "(none)", "2026-01-01T00:00:00Z"));
        assertThat(diff.entries().get(1).fields())
                .containsExactly(
                        new FieldDifference(
                                "phases[1]",
                                "(none)",
                                "{planId: \"pool\", version: 1, effectiveFrom: 2026-02-01T00:00:00Z}"),
                        new FieldDifference("caps.memberDefault", "5", "(none)"),
                        new FieldDifference("caps.member.a", "1", "3"),
                        new FieldDifference("caps.member.b", "2", "(none)"),
                        new FieldDifference("caps.member.c", "(none)", "4"),
                        new FieldDifference("alertEmails[0]", "\"a@example.org\"", "\"b@example.org\""),
                        new FieldDifference("alertEmails[1]", "(none)", "\"a@example.org\""));
    }

    @Test
    void shouldTellConflictsOfWhatNeverChanges() throws CatalogueException {
        Catalogue published = parse(BASE);
        Catalogue wanted = CatalogueFile.parseToCompare(
                BASE.replace("base: 10", "base: 11").replace("amount: 1", "amount: 2"), "c", published);

        CatalogueDiff diff = CatalogueDiff.between(wanted, published);

        assertThat(diff.entries()).extracting(Entry::kind).containsExactly(Kind.CONFLICT, Kind.CONFLICT);
        assertThat(diff.entries().get(0).fields())
                .containsExactly(new FieldDifference("allocations[0].base", "10", "11"));
        assertThat(diff.entries().get(0).conflict())
                .hasValueSatisfying(why -> assertThat(why).contains("version"));
        assertThat(diff.entries().get(1).conflict())
                .hasValueSatisfying(why -> assertThat(why).contains("grant"));
    }

    @Test
    void shouldTellWhatIsOnlyPublishedOfTheListsThatAFileHas() throws CatalogueException {
        Catalogue wanted = parse("meters: [{meterId: other, aggregation: COUNT}]");

        CatalogueDiff diff = CatalogueDiff.between(wanted, parse(BASE));

        assertThat(diff.entries())
                .extracting(entry -> entry.kind() + " " + entry.list() + " " + entry.key())
                .containsExactly("ADDED meters other", "ONLY_PUBLISHED meters m");
        assertThat(diff.toPublish()).hasSize(1);
        assertThat(diff.count(Kind.ONLY_PUBLISHED)).isEqualTo(1);
    }

    @Test
    void shouldShowNothingThatATerminalObeys() throws CatalogueException {
        String named = BASE.replace("aggregation: COUNT", "aggregation: COUNT, stripeEventName: \"a\\e[2Jb\"");

        CatalogueDiff diff = CatalogueDiff.between(parse(named), parse(BASE));

        assertThat(diff.entries().getFirst().fields())
                .containsExactly(new FieldDifference("stripeEventName", "(none)", "\"a\\u001b[2Jb\""));
    }

    private static Catalogue parse(String yaml) throws CatalogueException {
        return CatalogueFile.parse(yaml, "c");
    }
}
