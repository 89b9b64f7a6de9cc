package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Role;
import dev.tally.schemas.Subscription;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CatalogueRoutesTest {

    private static final String TEAM =
            "{'anchor':'2026-01-31T10:15:30Z','phases':[{'planId':'team','version':1,'effectiveFrom':'2026-01-31T10:15:30Z'}],"
                    + "'caps':{'memberDefault':1000,'member':{'m1':50}},'poolLowShare':10,'alertEmails':['a@example.com']}";
    private static final String GRANT =
            "{'grantId':'g1','meter':'credits','amount':5000,'effectiveAt':'2026-11-01T00:00:00Z'}";

    private final ServedApi served = new ServedApi();

    @AfterEach
    void stop() {
        served.close();
    }

    @Test
    void shouldPutASubscriptionInForce() {
        // When
        HttpResponse<String> response = served.send("PUT", "/v1/subscriptions/org:o%2F1", TEAM);

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.body())
                .isEqualTo(("{'record':{'subject':'org:o%2F1','stripeCustomerId':null,'stripeSeatItemId':null,"
                                + "'anchor':'2026-01-31T10:15:30Z','status':'ACTIVE',"
                                + "'phases':[{'planId':'team','version':1,'effectiveFrom':'2026-01-31T10:15:30Z'}],'overrides':[],"
                                + "'caps':{'memberDefault':1000,'spaceDefault':null,'member':{'m1':50},'space':{}},'poolLowShare':10,"
                                + "'overageCap':null,'alertEmails':['a@example.com'],'webhooks':[]},"
                                + "'inForce':true,'detail':null,'warnings':[]}")
                        .replace('\'', '"'));
        assertThat(served.catalogue.published).hasSize(1);
    }

    @Test
    void shouldWarnOfAPlanThatIsNotThereYet() {
        // When
        HttpResponse<String> response =
                served.send("PUT", "/v1/subscriptions/org:o1", TEAM.replace("'version':1", "'version':2"));

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).contains("\"warnings\":[\"there is no plan team@2 yet");
        assertThat(served.catalogue.published).hasSize(1);
    }

    @Test
    void shouldSayThatItCannotTellWhenARecordOfAnotherInstanceIsInForce() {
        // Given
        served.catalogue.moveElsewhere();

        // When
        HttpResponse<String> response = served.send("PUT", "/v1/subscriptions/org:o1", TEAM);

        // Then
        assertThat(response.statusCode()).isEqualTo(202);
        assertThat(response.body()).contains("\"inForce\":false,\"detail\":\"published; ");
    }

    @Test
    void shouldListAllProblemsOfASubscriptionAndPublishNothing() {
        // When
        HttpResponse<String> response = served.send(
                "PUT",
                "/v1/subscriptions/user:u1",
                "{'subject':'user:u2','anchor':'2026-01-31T10:15:30.5Z','phases':[{'planId':'team','version':1,"
                        + "'effectiveFrom':'2026-01-31T10:15:30Z'}],'overrides':[{'scope':'USER','meter':'smiles','window':'DAY',"
                        + "'amount':-1,'beyond':'PAUSE'}],'caps':{},'poolLowShare':101,'webhooks':['ftp://x']}");

        // Then
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body())
                .contains("subject: is \\\"user:u2\\\", the path says user:u1")
                .contains("anchor: must be a whole second")
                .contains("overrides[0].amount: must be 0 to")
                .contains("caps: are for organisations")
                .contains("poolLowShare: is a percentage")
                .contains("webhooks[0]: is not an http")
                .contains("overrides[0].meter: there is no meter smiles")
                .contains("phases[0].planId: plan team@1 is for payer ORG, the subject is USER");
        assertThat(served.catalogue.published).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'anchor':'2026-01-31T10:15:30Z','phases':[]}",
                "{'anchor':1,'phases':[{'planId':'pro','version':1,'effectiveFrom':'2026-01-31T10:15:30Z'}]}",
                "{'anchor':'2026-01-31T10:15:30Z','phases':[{'planId':'pro','version':1.5,'effectiveFrom':'2026-01-31T10:15:30Z'}]}",
                "{'anchor':'2026-01-31T10:15:30Z','phases':{'planId':'pro'}}",
                "{'anchor':'2026-01-31T10:15:30Z','phases':[null]}",
                "{'anchor':'2026-01-31T10:15:30Z','phases':[{'planId':'pro','version':1,'effectiveFrom':'2026-01-31T10:15:30Z'}],'plan':1}",
                "{'anchor':'2026-01-31T10:15:30Z','phases':[{'planId':'pro','version':1,'effectiveFrom':'2026-01-31T10:15:30Z'}],"
                        + "'status':'UNKNOWN'}",
                "{'anchor':'2026-01-31T10:15:30Z','phases':[{'planId':'pro','version':99999999999,"
                        + "'effectiveFrom':'2026-01-31T10:15:30Z'}]}",
            })
    void shouldRefuseASubscriptionThatBreaksARule(String body) {
        // When
        HttpResponse<String> response = served.send("PUT", "/v1/subscriptions/user:u1", body);

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(response.body()).contains("\"problems\":[");
        assertThat(served.catalogue.published).isEmpty();
    }

    @Test
    void shouldChangeTheSettingsThatAreGiven() {
        // Given
        served.send("PUT", "/v1/subscriptions/org:o1", TEAM);

        // When
        HttpResponse<String> response = served.send(
                "PUT",
                "/v1/orgs/o1/settings",
                "{'overageCap':100,'poolLowShare':null,'webhooks':['https://example.com/hook'],"
                        + "'overrides':[{'scope':'ORG','meter':'credits','window':'PERIOD','beyond':'BILL','warnAt':[50,80]}]}");

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        Subscription after = (Subscription) served.catalogue.published.getLast();
        assertThat(after.getOverageCap()).isEqualTo(100);
        assertThat(after.getPoolLowShare()).isNull();
        assertThat(after.getWebhooks()).containsExactly("https://example.com/hook");
        assertThat(after.getOverrides())
                .singleElement()
                .satisfies(limit -> assertThat(limit.getWarnAt()).containsExactly(50, 80));
        assertThat(after.getCaps().getMember()).isEqualTo(Map.of("m1", 50L));
        assertThat(after.getAlertEmails()).containsExactly("a@example.com");
        assertThat(after.getPhases()).hasSize(1);
    }

    @Test
    void shouldLeaveASubscriptionAsItIsWithoutSettings() {
        // Given
        served.send("PUT", "/v1/subscriptions/org:o1", TEAM);

        // When
        HttpResponse<String> response = served.send("PUT", "/v1/orgs/o1/settings", "{}");

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(served.catalogue.published.getLast()).isEqualTo(served.catalogue.published.getFirst());
    }

    @Test
    void shouldRefuseSettingsThatBreakARule() {
        // Given
        served.send("PUT", "/v1/subscriptions/org:o1", TEAM);

        // When
        HttpResponse<String> response = served.send(
                "PUT", "/v1/orgs/o1/settings", "{'caps':{'memberDefault':-1},'anchor':'2026-01-01T00:00:00Z'}");

        // Then
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body())
                .contains("\"problems\":[\"anchor: there is no such field\",\"caps.memberDefault: must be 0 to ");
        assertThat(served.catalogue.published).hasSize(1);
    }

    @Test
    void shouldKeepNoSettingsOfAnOrgWithoutASubscription() {
        // When
        HttpResponse<String> response = served.send("PUT", "/v1/orgs/o1/settings", "{'overageCap':100}");

        // Then
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.body()).contains("urn:tally:problem:no-subscription");
    }

    @ParameterizedTest
    @CsvSource({"users, user", "orgs, org"})
    void shouldGrant(String kind, String prefix) {
        // When
        HttpResponse<String> response = served.send("POST", "/v1/" + kind + "/x%3Ay/grants", GRANT);

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(served.catalogue.published)
                .containsExactly(new Grant(
                        prefix + ":x%3Ay", "g1", "credits", 5_000L, Instant.parse("2026-11-01T00:00:00Z"), null));
    }

    @Test
    void shouldGrantOnce() {
        // Given
        served.send("POST", "/v1/users/u1/grants", GRANT);

        // When
        HttpResponse<String> again = served.send("POST", "/v1/users/u1/grants", GRANT);
        HttpResponse<String> other = served.send("POST", "/v1/users/u1/grants", GRANT.replace("5000", "6000"));

        // Then
        assertThat(again.statusCode()).isEqualTo(200);
        assertThat(again.body()).contains("\"inForce\":true");
        assertThat(other.statusCode()).isEqualTo(409);
        assertThat(other.body()).contains("urn:tally:problem:conflict");
        assertThat(served.catalogue.published)
                .extracting(record -> ((Grant) record).getAmount())
                .containsOnly(5_000L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'meter':'credits','amount':1,'effectiveAt':'2026-11-01T00:00:00Z'}",
                "{'grantId':'','meter':'credits','amount':1,'effectiveAt':'2026-11-01T00:00:00Z'}",
                "{'grantId':'g','meter':'smiles','amount':1,'effectiveAt':'2026-11-01T00:00:00Z'}",
                "{'grantId':'g','meter':'credits','amount':0,'effectiveAt':'2026-11-01T00:00:00Z'}",
                "{'grantId':'g','meter':'credits','amount':'1','effectiveAt':'2026-11-01T00:00:00Z'}",
                "{'grantId':'g','meter':'credits','amount':1}",
                "{'grantId':'g','meter':'credits','amount':1,'effectiveAt':'2026-11-01T00:00:00Z','expiresAt':'2026-11-01T00:00:00Z'}",
                "{'grantId':'g','meter':'credits','amount':1,'effectiveAt':'2026-11-01T00:00:00Z','subject':'user:u2'}",
            })
    void shouldRefuseAGrantThatBreaksARule(String body) {
        // When
        HttpResponse<String> response = served.send("POST", "/v1/users/u1/grants", body);

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(served.catalogue.published).isEmpty();
    }

    @Test
    void shouldPutAMembershipInForce() {
        // Given
        served.send("PUT", "/v1/subscriptions/org:o%2F1", TEAM);

        // When
        HttpResponse<String> response = served.send(
                "PUT",
                "/v1/orgs/o%2F1/members/m%2F1",
                "{'role':'ADMIN','status':'ACCEPTED','acceptedAt':'2026-11-16T09:00:00Z'}");

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(served.catalogue.published.getLast())
                .isEqualTo(new Membership(
                        "o/1",
                        "m/1",
                        Role.ADMIN,
                        MembershipStatus.ACCEPTED,
                        null,
                        Instant.parse("2026-11-16T09:00:00Z"),
                        null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'status':'GONE'}",
                "{'status':'ACCEPTED','userId':'m2'}",
                "{'status':'INVITED','email':'x'}"
            })
    void shouldRefuseAMembershipThatBreaksARule(String body) {
        // Given
        served.send("PUT", "/v1/subscriptions/org:o1", TEAM);

        // When
        HttpResponse<String> response = served.send("PUT", "/v1/orgs/o1/members/m1", body);

        // Then
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(served.catalogue.published).hasSize(1);
    }

    @Test
    void shouldTakeNoMemberOfAnOrgWithoutASubscription() {
        // When
        HttpResponse<String> response = served.send("PUT", "/v1/orgs/o1/members/m1", "{'status':'ACCEPTED'}");

        // Then
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("orgId: there is no subscription of org:o1");
    }

    @Test
    void shouldSayThatNothingCanBeWritten() {
        // Given
        served.catalogue.goAway("the catalogue is being read");

        // When
        List<HttpResponse<String>> responses = List.of(
                served.send("PUT", "/v1/subscriptions/org:o1", TEAM),
                served.send("PUT", "/v1/orgs/o1/members/m1", "{'status':'ACCEPTED'}"),
                served.send("POST", "/v1/orgs/o1/grants", GRANT));

        // Then
        assertThat(responses).extracting(HttpResponse::statusCode).containsOnly(503);
    }

    @Test
    void shouldNotWaitWithoutALimitForOtherChanges() {
        // Given
        served.catalogue.beBusy();

        // When
        HttpResponse<String> response = served.send("PUT", "/v1/subscriptions/org:o1", TEAM);

        // Then
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).hasValue("1");
        assertThat(response.body()).contains("other changes are still being made; nothing was done");
        assertThat(served.catalogue.published).isEmpty();
    }

    @Test
    void shouldRefuseBodiesThatAreNotSentAsJson() {
        // When
        HttpResponse<String> response =
                served.send("POST", "/v1/users/u1/grants", "text/plain", GRANT.replace('\'', '"'));

        // Then
        assertThat(response.statusCode()).isEqualTo(415);
        assertThat(served.catalogue.published).isEmpty();
    }

    @Test
    void shouldChangeNothingWhereOthersCanReachIt() {
        try (ServedApi exposed = new ServedApi(false)) {
            // When
            List<HttpResponse<String>> responses = List.of(
                    exposed.send("PUT", "/v1/subscriptions/org:o1", TEAM),
                    exposed.send("PUT", "/v1/orgs/o1/settings", "{}"),
                    exposed.send("PUT", "/v1/orgs/o1/members/m1", "{'status':'ACCEPTED'}"),
                    exposed.send("POST", "/v1/users/u1/grants", GRANT));
            HttpResponse<String> admission =
                    exposed.send("POST", "/v1/admissions", "{'actionId':'a','userId':'u','actionType':'chat'}");

            // Then
            assertThat(responses).extracting(HttpResponse::statusCode).containsOnly(403);
            assertThat(responses.get(0).body()).contains("http.writes");
            assertThat(exposed.catalogue.published).isEmpty();
            assertThat(admission.statusCode()).isEqualTo(200);
        }
    }
}
