//! The site: a distribution of `CloudFront` before the site's bucket, the functions and, where everybody may read them, the index files.

use serde_json::{Value, json};

use super::template::{Template, attribute, name_of, text};
use super::{Stack, buckets, gateway};

const DISTRIBUTION: &str = "Distribution";
const ORIGIN_ACCESS: &str = "OriginAccess";
const RESPONSE_HEADERS: &str = "ResponseHeaders";
const FALLBACK: &str = "Fallback";
const WITHOUT_BUCKET: &str = "WithoutBucket";

/// What says for itself how long it may be kept: the files of the site, HTML `no-cache` and hashed names a year.
const AS_SAID: &str = "AsSaid";
/// Index files, whose names are their content's.
const IMMUTABLE: &str = "Immutable";
/// Pointers, which are asked for anew each time.
const POINTER: &str = "Pointer";
/// Answers of the functions, which say for themselves too and differ by the question and by who may read them.
const ANSWERS: &str = "Answers";

/// The origins.
const SITE: &str = "site";
const INDEX: &str = "index";
const API: &str = "api";
const STANDBY: &str = "standby";
const API_OR_STANDBY: &str = "api-or-standby";

/// `CloudFront`'s policy `AllViewerExceptHostHeader`: the host of the request would be ours, which the origin does not know
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html>).
const ALL_BUT_HOST: &str = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

const YEAR_S: u32 = 31_536_000;
const DAY_S: u32 = 86_400;

/// What the routes of the functions begin with.
const API_PATHS: [&str; 2] = ["/v1/*", "/openapi.json"];

/// Those of them to which questions are posted.
const POSTED_PATHS: [&str; 3] = [
    "/v1/*/recommendations",
    "/v1/*/baskets",
    "/v1/*/predictions",
];

/// A path without an ending is a place of the page. A file that is gone stays gone: as HTML, a script would be a syntax error.
const FALLBACK_CODE: &str = "\
function handler(event) {
  const request = event.request;
  if (!request.uri.split('/').pop().includes('.')) request.uri = '/index.html';
  return request;
}
";

/// Index files are asked for by bucket and key, as of a bucket's own endpoint.
const WITHOUT_BUCKET_CODE: &str = "\
function handler(event) {
  const request = event.request;
  request.uri = request.uri.replace(/^\\/[^/]*/, '');
  return request;
}
";

pub(super) fn write(template: &mut Template, stack: &Stack<'_>) {
    let properties = json!({ "OriginAccessControlConfig": {
        "Name": named("site"),
        "OriginAccessControlOriginType": "s3",
        "SigningBehavior": "always",
        "SigningProtocol": "sigv4",
    } });
    template.add(
        ORIGIN_ACCESS,
        "AWS::CloudFront::OriginAccessControl",
        &properties,
    );
    template.add(
        RESPONSE_HEADERS,
        "AWS::CloudFront::ResponseHeadersPolicy",
        &response_headers(stack),
    );
    add_function(template, FALLBACK, "fallback", FALLBACK_CODE);
    add_cache_policy(template, AS_SAID, "as-said", [0, YEAR_S], &json!({}));
    if stack.cloud.api.is_some() {
        let key = json!({
            "QueryStringsConfig": { "QueryStringBehavior": "all" },
            "HeadersConfig": { "HeaderBehavior": "whitelist", "Headers": ["Origin"] },
        });
        add_cache_policy(template, ANSWERS, "answers", [0, DAY_S], &key);
    }
    if stack.cloud.public_index {
        add_function(template, WITHOUT_BUCKET, "index", WITHOUT_BUCKET_CODE);
        let lifetimes = [YEAR_S, YEAR_S];
        add_cache_policy(template, IMMUTABLE, "immutable", lifetimes, &json!({}));
        add_cache_policy(template, POINTER, "pointer", [0, 0], &json!({}));
    }
    let properties = json!({ "DistributionConfig": distribution(stack) });
    template.add(DISTRIBUTION, "AWS::CloudFront::Distribution", &properties);

    let distribution_id = name_of(DISTRIBUTION);
    template.tell(
        "DistributionId",
        "The site's distribution",
        &distribution_id,
    );
    let domain = attribute(DISTRIBUTION, "DomainName");
    template.tell("SiteDomain", "What the site's name is a CNAME of", &domain);
    let url = match &stack.cloud.domain {
        Some(domain) => json!(format!("https://{}", domain.name)),
        None => text(&format!("https://${{{DISTRIBUTION}.DomainName}}")),
    };
    template.tell("SiteUrl", "Where the site is", &url);
    if stack.cloud.api.is_some() {
        template.tell("ApiUrl", "Where the functions answer", &url);
    }
}

/// The distribution's ARN.
pub(super) fn arn() -> Value {
    text(&format!(
        "arn:${{AWS::Partition}}:cloudfront::${{AWS::AccountId}}:distribution/${{{DISTRIBUTION}}}"
    ))
}

/// The ARN of all functions that have a name of this stack.
pub(super) fn functions_arn() -> Value {
    text(
        "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:function/${AWS::StackName}-${AWS::Region}-*",
    )
}

/// A name in a space that an account has once for all regions.
fn named(suffix: &str) -> Value {
    text(&format!("${{AWS::StackName}}-${{AWS::Region}}-{suffix}"))
}

fn distribution(stack: &Stack<'_>) -> Value {
    let mut distribution = json!({
        "Comment": format!("Kindred, environment {}", stack.environment_name),
        "Enabled": true,
        "HttpVersion": "http2and3",
        "IPV6Enabled": true,
        "DefaultRootObject": "index.html",
        "Origins": origins(stack),
        "DefaultCacheBehavior": with_function(behaviour(SITE, AS_SAID), FALLBACK),
    });
    let behaviours = [api_behaviours(stack), index_behaviours(stack)].concat();
    if !behaviours.is_empty() {
        distribution["CacheBehaviors"] = json!(behaviours);
    }
    if has_standby(stack) {
        let members = [API, STANDBY].map(|origin| json!({ "OriginId": origin }));
        distribution["OriginGroups"] = json!({ "Quantity": 1, "Items": [{
            "Id": API_OR_STANDBY,
            "Members": { "Quantity": 2, "Items": members },
            "FailoverCriteria": { "StatusCodes": { "Quantity": 3, "Items": [502, 503, 504] } },
        }] });
    }
    if let Some(domain) = &stack.cloud.domain {
        distribution["Aliases"] = json!([domain.name]);
        distribution["ViewerCertificate"] = json!({
            "AcmCertificateArn": domain.certificate,
            "MinimumProtocolVersion": "TLSv1.2_2021",
            "SslSupportMethod": "sni-only",
        });
    }
    distribution
}

fn has_standby(stack: &Stack<'_>) -> bool {
    let api = stack.cloud.api.as_ref();
    api.is_some_and(|api| api.standby.is_some())
}

fn origins(stack: &Stack<'_>) -> Vec<Value> {
    let bucket = |id: &str, bucket: &str| {
        json!({
            "Id": id,
            "DomainName": attribute(bucket, "RegionalDomainName"),
            "OriginAccessControlId": attribute(ORIGIN_ACCESS, "Id"),
            // Asked for, although the origin access control stands in its place.
            "S3OriginConfig": { "OriginAccessIdentity": "" },
        })
    };
    let host = |id: &str, host: &Value| {
        json!({
            "Id": id,
            "DomainName": host,
            "CustomOriginConfig": {
                "OriginProtocolPolicy": "https-only",
                "OriginSSLProtocols": ["TLSv1.2"],
            },
        })
    };
    let mut origins = vec![bucket(SITE, buckets::SITE)];
    if let Some(api) = &stack.cloud.api {
        let primary = if api.gateway {
            gateway::host()
        } else {
            json!(api.host)
        };
        origins.push(host(API, &primary));
        let standby = api.standby.iter();
        origins.extend(standby.map(|standby| host(STANDBY, &json!(standby))));
    }
    if stack.cloud.public_index {
        origins.push(bucket(INDEX, buckets::INDEX));
    }
    origins
}

/// What is posted goes to the first host alone: a group of origins takes no POST
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html>).
fn api_behaviours(stack: &Stack<'_>) -> Vec<Value> {
    let to = |path: &&str, origin: &str, methods: &[&str]| {
        let mut behaviour = behaviour(origin, ANSWERS);
        behaviour["PathPattern"] = json!(path);
        behaviour["AllowedMethods"] = json!(methods);
        behaviour["OriginRequestPolicyId"] = json!(ALL_BUT_HOST);
        behaviour
    };
    let reading = ["GET", "HEAD", "OPTIONS"];
    let all = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"];
    if stack.cloud.api.is_none() {
        Vec::new()
    } else if has_standby(stack) {
        let posted = POSTED_PATHS.iter().map(|path| to(path, API, &all));
        let read = API_PATHS
            .iter()
            .map(|path| to(path, API_OR_STANDBY, &reading));
        posted.chain(read).collect()
    } else {
        let paths = API_PATHS.iter();
        paths.map(|path| to(path, API, &all)).collect()
    }
}

fn index_behaviours(stack: &Stack<'_>) -> Vec<Value> {
    if !stack.cloud.public_index {
        return Vec::new();
    }
    let bucket = &stack.storage.bucket;
    let of = |path: String, cache_policy: &str| {
        let mut behaviour = with_function(behaviour(INDEX, cache_policy), WITHOUT_BUCKET);
        behaviour["PathPattern"] = json!(path);
        behaviour
    };
    vec![
        of(format!("/{bucket}/*current.json"), POINTER),
        of(format!("/{bucket}/*"), IMMUTABLE),
    ]
}

/// What all behaviours have.
fn behaviour(origin: &str, cache_policy: &str) -> Value {
    json!({
        "TargetOriginId": origin,
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": name_of(cache_policy),
        "ResponseHeadersPolicyId": name_of(RESPONSE_HEADERS),
        "Compress": true,
    })
}

fn with_function(mut behaviour: Value, function: &str) -> Value {
    let function = attribute(function, "FunctionARN");
    behaviour["FunctionAssociations"] =
        json!([{ "EventType": "viewer-request", "FunctionARN": function }]);
    behaviour
}

fn add_function(template: &mut Template, id: &str, suffix: &str, code: &str) {
    let properties = json!({
        "Name": named(suffix),
        "AutoPublish": true,
        "FunctionCode": code,
        "FunctionConfig": { "Comment": "", "Runtime": "cloudfront-js-2.0" },
    });
    template.add(id, "AWS::CloudFront::Function", &properties);
}

/// A policy under which is kept what does not say for how long, and what does at most, in seconds; `key` is what an answer differs by beside its path.
fn add_cache_policy(
    template: &mut Template,
    id: &str,
    suffix: &str,
    [default_s, maximum_s]: [u32; 2],
    key: &Value,
) {
    // What is never kept has no compressed forms to tell apart, and CloudFront refuses a policy that says otherwise.
    let is_kept = 0 < maximum_s;
    let mut parameters = json!({
        "CookiesConfig": { "CookieBehavior": "none" },
        "HeadersConfig": { "HeaderBehavior": "none" },
        "QueryStringsConfig": { "QueryStringBehavior": "none" },
        "EnableAcceptEncodingBrotli": is_kept,
        "EnableAcceptEncodingGzip": is_kept,
    });
    for (name, value) in key.as_object().into_iter().flatten() {
        parameters[name] = value.clone();
    }
    let properties = json!({ "CachePolicyConfig": {
        "Name": named(suffix),
        "MinTTL": 0,
        "DefaultTTL": default_s,
        "MaxTTL": maximum_s,
        "ParametersInCacheKeyAndForwardedToOrigin": parameters,
    } });
    template.add(id, "AWS::CloudFront::CachePolicy", &properties);
}

fn response_headers(stack: &Stack<'_>) -> Value {
    json!({ "ResponseHeadersPolicyConfig": {
        "Name": named("site"),
        "SecurityHeadersConfig": {
            "ContentSecurityPolicy": {
                "ContentSecurityPolicy": content_security_policy(stack),
                "Override": true,
            },
            "ContentTypeOptions": { "Override": true },
            "FrameOptions": { "FrameOption": "DENY", "Override": true },
            "ReferrerPolicy": {
                "ReferrerPolicy": "strict-origin-when-cross-origin",
                "Override": true,
            },
            "StrictTransportSecurity": {
                "AccessControlMaxAgeSec": 2 * YEAR_S,
                "IncludeSubdomains": false,
                "Preload": false,
                "Override": true,
            },
        },
    } })
}

/// That of the page itself, narrower: it is in no frame, and where the functions are at the site's own address it asks nobody else.
fn content_security_policy(stack: &Stack<'_>) -> String {
    let asked = match stack.cloud.api {
        Some(_) => "'self'",
        None => "'self' https:",
    };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src {asked}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
