//! Which component answers a path, and the headers that tell it how it was reached.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use app::{HttpTrigger, Route};
use hyper::Uri;
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue};

use crate::Error;

/// Client-sent headers with this prefix are dropped: they are the host's to set.
const SPIN_HEADER_PREFIX: &str = "spin-";

/// The application's public routes. Exact segments win over `:name`, which wins over a trailing `...`, as in Spin.
pub(crate) struct Router {
    routes: routefinder::Router<Target>,
}

struct Target {
    /// The route as the manifest writes it.
    raw_route: String,
    component: String,
    /// What every request on this route is told alike.
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A path that met a route.
pub(crate) struct RouteMatch<'router, 'path> {
    path: &'path str,
    matched: routefinder::Match<'router, 'path, Target>,
}

impl Router {
    /// Takes the public routes of an application. Of two equal routes the later wins: routefinder would keep both.
    pub(crate) fn new(triggers: &[HttpTrigger]) -> Result<Self, Error> {
        let mut targets = BTreeMap::new();
        for trigger in triggers {
            let Route::Path(raw_route) = &trigger.route else {
                continue;
            };
            let route = format!("/{}", raw_route.trim_start_matches('/'));
            let route = route.strip_suffix('/').unwrap_or(&route).to_owned();
            let pattern = match route.strip_suffix("/...") {
                Some(prefix) => format!("{prefix}/*"),
                None => route.clone(),
            };
            let prefix = raw_route.strip_suffix("/...").unwrap_or(raw_route);
            let headers = [
                ("spin-matched-route", route.as_str()),
                ("spin-raw-component-route", raw_route),
                ("spin-component-route", prefix),
                ("spin-base-path", "/"),
            ];
            let target = Target {
                raw_route: raw_route.clone(),
                component: trigger.component.clone(),
                headers: headers
                    .into_iter()
                    .filter_map(|(name, value)| {
                        let value = HeaderValue::from_str(value).ok()?;
                        Some((HeaderName::from_static(name), value))
                    })
                    .collect(),
            };
            targets.insert(pattern, target);
        }
        let mut routes = routefinder::Router::new();
        for (pattern, target) in targets {
            let route = target.raw_route.clone();
            routes
                .add(pattern, target)
                .map_err(|problem| Error::Route { route, problem })?;
        }
        Ok(Self { routes })
    }

    /// The best route for `path`.
    pub(crate) fn route<'router, 'path>(
        &'router self,
        path: &'path str,
    ) -> Option<RouteMatch<'router, 'path>> {
        let matched = self.routes.best_match(path)?;
        Some(RouteMatch { path, matched })
    }
}

impl RouteMatch<'_, '_> {
    /// The id of the component that answers.
    pub(crate) fn component(&self) -> &str {
        &self.matched.handler().component
    }

    /// Replaces every `spin-*` header by those that Spin sets.
    pub(crate) fn set_headers(&self, headers: &mut HeaderMap, uri: &Uri, client: SocketAddr) {
        let sent: Vec<HeaderName> = headers
            .keys()
            .filter(|name| name.as_str().starts_with(SPIN_HEADER_PREFIX))
            .cloned()
            .collect();
        for name in sent {
            headers.remove(name);
        }

        let host = headers
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        let path_and_query = uri.path_and_query().map_or("/", |both| both.as_str());
        let of_this_request = [
            ("spin-full-url", format!("http://{host}{path_and_query}")),
            ("spin-path-info", self.path_info()),
            ("spin-client-addr", client.to_string()),
        ];
        for (name, value) in of_this_request {
            // A URL never holds bytes that a value cannot.
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        for (name, value) in &self.matched.handler().headers {
            headers.insert(name, value.clone());
        }
        for capture in &self.matched.captures() {
            let (name, value) = capture;
            insert(headers, &format!("spin-path-match-{name}"), value);
        }
    }

    /// What a trailing `...` stands for: with the slash before it and, unlike routefinder, with the one after it.
    fn path_info(&self) -> String {
        let captures = self.matched.captures();
        match (captures.wildcard(), self.path.ends_with('/')) {
            (None, _) | (Some(""), false) => String::new(),
            (Some(""), true) => "/".to_owned(),
            (Some(rest), false) => format!("/{rest}"),
            (Some(rest), true) => format!("/{rest}/"),
        }
    }
}

/// Sets a header, if name and value can be one. A path never holds bytes that a value cannot, but a `:name` may be no header.
fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::try_from(name.replace('_', "-").to_ascii_lowercase());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[(&str, &str)]) -> Router {
        let trigger = |(route, component): &(&str, &str)| HttpTrigger {
            id: String::new(),
            route: Route::Path((*route).to_owned()),
            component: (*component).to_owned(),
        };
        Router::new(&routes.iter().map(trigger).collect::<Vec<_>>()).unwrap()
    }

    const ROUTES: &[(&str, &str)] = &[
        ("/...", "rest"),
        ("/", "root"),
        ("/v1/:collection/items", "items"),
        ("/v1/:collection/items/:id", "item"),
        ("/v1/collections", "collections"),
        ("/files/...", "files"),
        ("no-slash/", "loose"),
    ];

    #[track_caller]
    fn check(path: &str, component: &str, path_info: &str) {
        let router = router(ROUTES);
        let matched = router.route(path).unwrap();
        assert_eq!(
            (matched.component(), matched.path_info().as_str()),
            (component, path_info),
            "{path}"
        );
    }

    #[test]
    fn the_most_exact_route_wins() {
        check("/", "root", "");
        check("/v1/movies/items", "items", "");
        check("/v1/movies/items/7", "item", "");
        check("/v1/collections", "collections", "");
        check("/v1/movies/other", "rest", "/v1/movies/other");
        check("/files", "files", "");
        check("/files/", "files", "/");
        check("/files/a/b", "files", "/a/b");
        check("/files/a/b/", "files", "/a/b/");
        check("/no-slash", "loose", "");
    }

    #[test]
    fn without_a_catch_all_a_path_may_have_no_route() {
        assert!(router(&[("/a", "a")]).route("/b").is_none());
    }

    #[test]
    fn the_later_of_two_equal_routes_wins() {
        assert_eq!(
            router(&[("/a", "first"), ("/a", "second")])
                .route("/a")
                .unwrap()
                .component(),
            "second"
        );
    }

    #[test]
    fn a_client_cannot_set_the_hosts_headers() {
        let router = router(ROUTES);
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "example.com"),
            ("spin-client-addr", "9.9.9.9:9"),
            ("spin-path-match-admin", "yes"),
            ("x-forwarded-for", "8.8.8.8"),
        ] {
            insert(&mut headers, name, value);
        }
        let uri = Uri::from_static("/v1/movies/items/7?a=b");
        let client = SocketAddr::from(([127, 0, 0, 1], 4711));
        router
            .route(uri.path())
            .unwrap()
            .set_headers(&mut headers, &uri, client);

        let mut seen: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        seen.sort();
        assert_eq!(
            seen,
            [
                "host: example.com",
                "spin-base-path: /",
                "spin-client-addr: 127.0.0.1:4711",
                "spin-component-route: /v1/:collection/items/:id",
                "spin-full-url: http://example.com/v1/movies/items/7?a=b",
                "spin-matched-route: /v1/:collection/items/:id",
                "spin-path-info: ",
                "spin-path-match-collection: movies",
                "spin-path-match-id: 7",
                "spin-raw-component-route: /v1/:collection/items/:id",
                "x-forwarded-for: 8.8.8.8",
            ]
        );
    }
}
