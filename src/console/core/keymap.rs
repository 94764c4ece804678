//! The one table of keys: it drives dispatch, the footer, the help, the command palette and the README's list.
//!
//! [`crate::console::core::keys`] looks keys up in it, with those that the config file puts in their place.

use crossterm::event::KeyCode;

pub(crate) use crate::console::core::key::Key;

/// An enum whose variants have stable names: users write them in their files, so a name never changes with its variant.
macro_rules! named {
    ($(#[$meta:meta])* $vis:vis enum $type:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis enum $type { $($(#[$doc])* $variant,)+ }

        impl $type {
            /// In the order of their definition.
            #[allow(dead_code, reason = "only tests need all actions")]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in the config file.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

named! {
    /// What a key asks for. The key table says what each does.
    pub(crate) enum Action {
        ShowRequests = "show-requests",
        ShowRbac = "show-rbac",
        ShowKubeconfig = "show-kubeconfig",
        ShowActivity = "show-activity",
        SwitchContext = "switch-context",
        LogIn = "log-in",
        Help = "help",
        Palette = "palette",
        Search = "search",
        Copy = "copy",
        Back = "back",
        Redraw = "redraw",
        Suspend = "suspend",
        Quit = "quit",
        Commands = "commands",
        Yaml = "yaml",
        Down = "down",
        Up = "up",
        Top = "top",
        Bottom = "bottom",
        PageDown = "page-down",
        PageUp = "page-up",
        HalfDown = "half-down",
        HalfUp = "half-up",
        SortNext = "sort-next",
        SortReverse = "sort-reverse",
        Columns = "columns",
        MoveDown = "move-down",
        MoveUp = "move-up",
        Reset = "reset",
        FilterNext = "filter-next",
        Open = "open",
        Approve = "approve",
        ApproveShown = "approve-shown",
        Deny = "deny",
        Mark = "mark",
        MarkShown = "mark-shown",
        UnmarkAll = "unmark-all",
        Delete = "delete",
        Export = "export",
        NewUser = "new-user",
        NextTab = "next-tab",
        NextField = "next-field",
        PreviousField = "previous-field",
        Enter = "enter",
        NextStep = "next-step",
        PreviousStep = "previous-step",
        Review = "review",
        Resume = "resume",
        NextChoice = "next-choice",
        PreviousChoice = "previous-choice",
        Yes = "yes",
        No = "no",
        Retry = "retry",
        Undo = "undo",
        Later = "later",
        NextView = "next-view",
        WhoCan = "who-can",
        Whose = "whose",
        AskServer = "ask-server",
        Dangers = "dangers",
        NewRole = "new-role",
        Bind = "bind",
        Edit = "edit",
        Left = "left",
        Right = "right",
        NextNamespace = "next-namespace",
        PreviousNamespace = "previous-namespace",
        AllResources = "all-resources",
        Test = "test",
        Rename = "rename",
        Namespace = "namespace",
        Import = "import",
        Embed = "embed",
        Certificate = "certificate",
        Reload = "reload",
    }
}

named! {
    /// Where a binding holds. The screen tells which places are in force, the nearest first.
    pub(crate) enum KeyContext {
        /// Everywhere, text fields included.
        Always = "always",
        /// Everywhere, unless a text field has the keyboard.
        Everywhere = "everywhere",
        /// A list with a cursor.
        List = "list",
        /// The Requests pane.
        Requests = "requests",
        /// The sheet of a bulk decision.
        Bulk = "bulk",
        /// A bulk decision while it is carried out.
        BulkRun = "bulk-run",
        /// What came of a bulk decision.
        BulkEnd = "bulk-end",
        /// A request opened as a page.
        Page = "page",
        /// The RBAC pane.
        Rbac = "rbac",
        /// The table of someone's access.
        Table = "table",
        /// The Kubeconfig pane.
        Kubeconfig = "kubeconfig",
        /// The choice of a context.
        Picker = "picker",
        /// The choice of the list's columns.
        Columns = "columns",
        /// A text that scrolls: help, YAML, commands.
        Reader = "reader",
        /// A form with fields, the wizard's steps among them.
        Form = "form",
        /// A question with yes and no.
        Confirm = "confirm",
        /// The wizard's review, before anything is written.
        WizardReview = "wizard-review",
        /// The wizard's run, while it works or waits, and after it.
        WizardRun = "wizard-run",
        /// The command palette.
        Palette = "palette",
    }
}

impl KeyContext {
    /// The heading in help and README.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Always => "Everywhere, while typing too",
            Self::Everywhere => "Everywhere",
            Self::List => "Lists",
            Self::Requests => "Requests",
            Self::Bulk => "Many at once: the sheet",
            Self::BulkRun => "Many at once: while it runs",
            Self::BulkEnd => "Many at once: afterwards",
            Self::Page => "A request's page",
            Self::Rbac => "RBAC",
            Self::Table => "RBAC: somebody's access",
            Self::Kubeconfig => "Kubeconfig",
            Self::Picker => "Choice of a context",
            Self::Columns => "Columns of the list",
            Self::Reader => "Help, YAML, commands",
            Self::Form => "Forms",
            Self::Confirm => "Questions",
            Self::WizardReview => "New user: review",
            Self::WizardRun => "New user: run",
            Self::Palette => "Command palette",
        }
    }
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Binding {
    /// Where it holds.
    pub place: KeyContext,
    /// The keys, the one to show first.
    pub keys: &'static [Key],
    /// What it does.
    pub action: Action,
    /// One or two words for the footer; empty: not in the footer.
    pub hint: &'static str,
    /// A sentence for the help.
    pub help: &'static str,
}

const fn bind(
    place: KeyContext,
    keys: &'static [Key],
    action: Action,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { place, keys, action, hint, help }
}

const ENTER: Key = Key::plain(KeyCode::Enter);
const ESC: Key = Key::plain(KeyCode::Esc);
const TAB: Key = Key::plain(KeyCode::Tab);

/// The table. Its order is the footer's and the help's order.
pub(crate) const BINDINGS: &[Binding] = &[
    bind(
        KeyContext::Requests,
        &[Key::char('a')],
        Action::Approve,
        "approve",
        "approve the request under the cursor, or the marked ones",
    ),
    bind(KeyContext::Requests, &[Key::char('d')], Action::Deny, "deny", "deny it, or the marked ones"),
    bind(KeyContext::Requests, &[Key::char(' ')], Action::Mark, "mark", "mark it, or take its mark away"),
    bind(KeyContext::Requests, &[Key::ctrl('a')], Action::MarkShown, "", "mark all shown; again: none of them"),
    bind(KeyContext::Requests, &[Key::char('U')], Action::UnmarkAll, "", "take all marks away"),
    bind(
        KeyContext::Requests,
        &[Key::char('A')],
        Action::ApproveShown,
        "",
        "approve all shown that are ok, on a sheet first",
    ),
    bind(KeyContext::Bulk, &[Key::char('y')], Action::Yes, "go", "decide what is included"),
    bind(KeyContext::Bulk, &[ENTER], Action::Enter, "", "decides nothing: says which key does"),
    bind(KeyContext::Bulk, &[Key::char(' ')], Action::Mark, "include level", "include a level, or leave it out"),
    bind(KeyContext::Bulk, &[TAB], Action::NextTab, "list them", "list them by name"),
    bind(KeyContext::Bulk, &[ESC], Action::Back, "leave", "leave it: nothing is decided"),
    bind(KeyContext::BulkRun, &[ESC], Action::Back, "stop", "stop: those under way are waited for"),
    bind(
        KeyContext::BulkEnd,
        &[Key::char('r')],
        Action::Retry,
        "retry",
        "those that were not decided again, on a new sheet",
    ),
    bind(KeyContext::BulkEnd, &[TAB], Action::NextTab, "list them", "list those that were not decided, and why"),
    bind(KeyContext::BulkEnd, &[ENTER, ESC], Action::Back, "close", "close it"),
    bind(KeyContext::Requests, &[ENTER], Action::Open, "detail", "open it as a page of its own"),
    bind(KeyContext::Requests, &[Key::char('n')], Action::NewUser, "new user", "issue a certificate to a new user"),
    bind(KeyContext::Requests, &[Key::char('e')], Action::Export, "export", "write its certificate to a file"),
    bind(KeyContext::Page, &[ESC, ENTER], Action::Back, "back", "back to the list"),
    bind(KeyContext::Page, &[TAB], Action::NextTab, "next tab", "Summary, Access, Certificate, YAML in turn"),
    bind(
        KeyContext::Requests,
        &[Key::char('f')],
        Action::FilterNext,
        "filter",
        "next filter: pending, approved, issued, …",
    ),
    bind(
        KeyContext::Requests,
        &[Key::char('/')],
        Action::Search,
        "search",
        "search names, identities, groups, signers",
    ),
    bind(
        KeyContext::Rbac,
        &[Key::char('v')],
        Action::NextView,
        "view",
        "next view: Subjects, Roles, Bindings, Who can",
    ),
    bind(KeyContext::Rbac, &[Key::char('w')], Action::WhoCan, "who can", "who can do something"),
    bind(KeyContext::Rbac, &[ENTER], Action::Enter, "walk", "walk on: subject, bindings, role, who else holds it"),
    bind(
        KeyContext::Rbac,
        &[Key::char('x')],
        Action::AskServer,
        "ask server",
        "ask the server too (SubjectAccessReview)",
    ),
    bind(KeyContext::Table, &[TAB], Action::NextNamespace, "namespace", "next namespace"),
    bind(KeyContext::Rbac, &[Key::char('n')], Action::NewRole, "new role", "make a role, from a preset if you like"),
    bind(KeyContext::Rbac, &[Key::char('b')], Action::Bind, "bind", "bind a role to somebody"),
    bind(
        KeyContext::Rbac,
        &[Key::char('e')],
        Action::Edit,
        "edit",
        "change the role's rules or the binding's subjects",
    ),
    bind(KeyContext::Rbac, &[Key::char('D')], Action::Delete, "delete", "delete it, after a look at who loses what"),
    bind(KeyContext::Rbac, &[Key::char('u')], Action::Whose, "", "look at a user with groups of your choice"),
    bind(KeyContext::Rbac, &[Key::char('!')], Action::Dangers, "", "everything dangerous that somebody holds"),
    bind(KeyContext::Rbac, &[Key::char('/')], Action::Search, "search", "search the rows of the page"),
    bind(KeyContext::Rbac, &[Key::char('Y')], Action::Yaml, "", "the role or binding as YAML"),
    bind(KeyContext::Table, &[Key::char('h'), Key::plain(KeyCode::Left)], Action::Left, "", "a verb to the left"),
    bind(KeyContext::Table, &[Key::char('l'), Key::plain(KeyCode::Right)], Action::Right, "", "a verb to the right"),
    bind(KeyContext::Table, &[Key::plain(KeyCode::BackTab)], Action::PreviousNamespace, "", "previous namespace"),
    bind(
        KeyContext::Table,
        &[Key::char('f')],
        Action::AllResources,
        "all",
        "all resources, or those with rights alone",
    ),
    bind(KeyContext::Kubeconfig, &[ENTER], Action::Open, "use", "make it the current context"),
    bind(KeyContext::Kubeconfig, &[Key::char('c')], Action::SwitchContext, "console here", "switch this console to it"),
    bind(KeyContext::Kubeconfig, &[Key::char('t')], Action::Test, "test", "test the connection"),
    bind(KeyContext::Kubeconfig, &[Key::char('r')], Action::Rename, "rename", "rename it"),
    bind(KeyContext::Kubeconfig, &[Key::char('i')], Action::Import, "import", "bring another kubeconfig in"),
    bind(KeyContext::Kubeconfig, &[Key::char('e')], Action::Export, "extract", "write it as a file of its own"),
    bind(KeyContext::Kubeconfig, &[Key::char('x')], Action::Delete, "delete", "delete it, with what only it needs"),
    bind(KeyContext::Kubeconfig, &[Key::char('n')], Action::Namespace, "namespace", "set its namespace"),
    bind(KeyContext::Kubeconfig, &[Key::char('E')], Action::Embed, "", "embed the files that it refers to"),
    bind(KeyContext::Kubeconfig, &[Key::char('v')], Action::Certificate, "", "its certificate, decoded"),
    bind(KeyContext::Kubeconfig, &[Key::char('Y')], Action::Yaml, "YAML", "it as YAML, secrets replaced"),
    bind(KeyContext::Kubeconfig, &[Key::char('R')], Action::Reload, "", "read the files again"),
    bind(KeyContext::Picker, &[ENTER], Action::Open, "switch", "switch this console to it"),
    bind(KeyContext::Picker, &[ESC], Action::Back, "leave", "leave it"),
    bind(KeyContext::Everywhere, &[Key::char('K')], Action::Commands, "kubectl", "the equivalent kubectl commands"),
    bind(KeyContext::Everywhere, &[Key::char('q')], Action::Quit, "quit", "quit"),
    bind(KeyContext::Requests, &[Key::char('x')], Action::Delete, "delete", "delete it"),
    bind(KeyContext::Requests, &[Key::char('Y')], Action::Yaml, "YAML", "the object as YAML"),
    bind(KeyContext::Requests, &[Key::char('s')], Action::SortNext, "", "sort by the next column"),
    bind(KeyContext::Requests, &[Key::char('S')], Action::SortReverse, "", "reverse the sort"),
    bind(KeyContext::Requests, &[Key::char('C')], Action::Columns, "", "choose the columns and their order"),
    bind(KeyContext::Columns, &[Key::char(' ')], Action::Mark, "show or hide", "show the column, or hide it"),
    bind(
        KeyContext::Columns,
        &[Key::char('J'), Key::shift(KeyCode::Down)],
        Action::MoveDown,
        "move down",
        "move it down",
    ),
    bind(KeyContext::Columns, &[Key::char('K'), Key::shift(KeyCode::Up)], Action::MoveUp, "move up", "move it up"),
    bind(KeyContext::Columns, &[Key::char('r')], Action::Reset, "reset", "back to the columns of the config file"),
    bind(KeyContext::Columns, &[ENTER, ESC, Key::char('C')], Action::Back, "close", "close it"),
    bind(KeyContext::List, &[Key::char('j'), Key::plain(KeyCode::Down)], Action::Down, "", "down"),
    bind(KeyContext::List, &[Key::char('k'), Key::plain(KeyCode::Up)], Action::Up, "", "up"),
    bind(KeyContext::List, &[Key::char('g'), Key::plain(KeyCode::Home)], Action::Top, "", "first"),
    bind(KeyContext::List, &[Key::char('G'), Key::plain(KeyCode::End)], Action::Bottom, "", "last"),
    bind(KeyContext::List, &[Key::plain(KeyCode::PageDown)], Action::PageDown, "", "a page down"),
    bind(KeyContext::List, &[Key::plain(KeyCode::PageUp)], Action::PageUp, "", "a page up"),
    bind(KeyContext::List, &[Key::ctrl('d')], Action::HalfDown, "", "half a page down"),
    bind(KeyContext::List, &[Key::ctrl('u')], Action::HalfUp, "", "half a page up"),
    bind(KeyContext::Reader, &[Key::char('j'), Key::plain(KeyCode::Down)], Action::Down, "scroll", "a line down"),
    bind(KeyContext::Reader, &[Key::char('k'), Key::plain(KeyCode::Up)], Action::Up, "", "a line up"),
    bind(KeyContext::Reader, &[Key::plain(KeyCode::PageDown), Key::char(' ')], Action::PageDown, "", "a page down"),
    bind(KeyContext::Reader, &[Key::plain(KeyCode::PageUp)], Action::PageUp, "", "a page up"),
    bind(KeyContext::Reader, &[Key::char('g'), Key::plain(KeyCode::Home)], Action::Top, "", "the beginning"),
    bind(KeyContext::Reader, &[Key::char('G'), Key::plain(KeyCode::End)], Action::Bottom, "", "the end"),
    bind(KeyContext::Reader, &[ESC, ENTER, Key::char('q')], Action::Back, "close", "close it"),
    bind(KeyContext::Reader, &[Key::char('/')], Action::Search, "search", "show only what contains a text"),
    bind(KeyContext::Reader, &[Key::char('y')], Action::Copy, "copy", "copy it to the clipboard (OSC 52)"),
    bind(KeyContext::Form, &[TAB, Key::plain(KeyCode::Down)], Action::NextField, "next field", "next field"),
    bind(
        KeyContext::Form,
        &[Key::plain(KeyCode::BackTab), Key::plain(KeyCode::Up)],
        Action::PreviousField,
        "",
        "previous field",
    ),
    bind(KeyContext::Form, &[Key::plain(KeyCode::Right)], Action::NextChoice, "", "next choice (in a text: cursor)"),
    bind(
        KeyContext::Form,
        &[Key::plain(KeyCode::Left)],
        Action::PreviousChoice,
        "",
        "previous choice (in a text: cursor)",
    ),
    bind(KeyContext::Form, &[ENTER], Action::Enter, "go on", "next field, and on the last field go on"),
    bind(KeyContext::Form, &[Key::ctrl('n')], Action::NextStep, "next step", "next step"),
    bind(KeyContext::Form, &[Key::ctrl('p')], Action::PreviousStep, "back", "previous step"),
    bind(KeyContext::Form, &[Key::ctrl('r')], Action::Review, "review", "straight to the review, with the defaults"),
    bind(KeyContext::Form, &[Key::ctrl('o')], Action::Resume, "", "new user: go on with the unfinished one"),
    bind(KeyContext::Form, &[ESC], Action::Back, "leave", "leave (asks when something was typed)"),
    bind(KeyContext::Confirm, &[Key::char('y')], Action::Yes, "yes", "yes"),
    bind(KeyContext::Confirm, &[ENTER], Action::Enter, "", "answers nothing: says which key does"),
    bind(KeyContext::Confirm, &[Key::char('n'), ESC], Action::No, "no", "no"),
    bind(KeyContext::Confirm, &[TAB], Action::NextField, "edit", "a decision: edit reason and message"),
    bind(KeyContext::WizardReview, &[Key::char('y')], Action::Yes, "run it", "run the plan"),
    bind(KeyContext::WizardReview, &[ENTER], Action::Enter, "", "runs nothing: says which key does"),
    bind(KeyContext::WizardReview, &[Key::char('j'), Key::plain(KeyCode::Down)], Action::Down, "", "a line down"),
    bind(KeyContext::WizardReview, &[Key::char('k'), Key::plain(KeyCode::Up)], Action::Up, "", "a line up"),
    bind(KeyContext::WizardReview, &[Key::plain(KeyCode::PageDown)], Action::PageDown, "", "a page down"),
    bind(KeyContext::WizardReview, &[Key::plain(KeyCode::PageUp)], Action::PageUp, "", "a page up"),
    bind(KeyContext::WizardReview, &[Key::ctrl('p')], Action::PreviousStep, "back", "back to the fields"),
    bind(KeyContext::WizardReview, &[Key::char('Y')], Action::Yaml, "YAML", "the objects as YAML"),
    bind(KeyContext::WizardReview, &[Key::char('K')], Action::Commands, "commands", "the same by openssl and kubectl"),
    bind(KeyContext::WizardReview, &[ESC], Action::Back, "leave", "leave (asks first)"),
    bind(KeyContext::WizardRun, &[ENTER], Action::Enter, "close", "close, when it has ended"),
    bind(KeyContext::WizardRun, &[Key::char('r')], Action::Retry, "retry", "try the failed step again"),
    bind(KeyContext::WizardRun, &[Key::char('u')], Action::Undo, "undo", "undo what was done, after a question"),
    bind(KeyContext::WizardRun, &[ESC, Key::char('l')], Action::Later, "leave, resume later", "leave it for later"),
    bind(KeyContext::WizardRun, &[Key::char('K')], Action::Commands, "commands", "the same by openssl and kubectl"),
    bind(KeyContext::Palette, &[ENTER], Action::Enter, "do it", "do it"),
    bind(KeyContext::Palette, &[Key::plain(KeyCode::Down), Key::ctrl('n')], Action::Down, "next", "next"),
    bind(KeyContext::Palette, &[Key::plain(KeyCode::Up), Key::ctrl('p')], Action::Up, "", "previous"),
    bind(KeyContext::Palette, &[Key::plain(KeyCode::PageDown)], Action::PageDown, "", "a page down"),
    bind(KeyContext::Palette, &[Key::plain(KeyCode::PageUp)], Action::PageUp, "", "a page up"),
    bind(KeyContext::Palette, &[ESC], Action::Back, "close", "close it"),
    bind(KeyContext::Everywhere, &[Key::char(':')], Action::Palette, "", "every action by name"),
    bind(KeyContext::Everywhere, &[Key::char('y')], Action::Copy, "", "copy what is under the cursor (OSC 52)"),
    bind(KeyContext::Everywhere, &[Key::char('1')], Action::ShowRequests, "", "the Requests pane"),
    bind(KeyContext::Everywhere, &[Key::char('2')], Action::ShowRbac, "", "the RBAC pane"),
    bind(KeyContext::Everywhere, &[Key::char('3')], Action::ShowKubeconfig, "", "the Kubeconfig pane"),
    bind(
        KeyContext::Everywhere,
        &[Key::char('c')],
        Action::SwitchContext,
        "",
        "switch this console to another context",
    ),
    bind(KeyContext::Everywhere, &[Key::char('L')], Action::LogIn, "", "log in again, and connect anew"),
    bind(KeyContext::Everywhere, &[Key::char('4')], Action::ShowActivity, "", "the Activity pane"),
    bind(KeyContext::Everywhere, &[Key::char('?')], Action::Help, "", "this help"),
    bind(KeyContext::Everywhere, &[ESC], Action::Back, "", "back, clear the search, close a message"),
    bind(KeyContext::Always, &[Key::ctrl('l')], Action::Redraw, "", "redraw the screen"),
    bind(KeyContext::Always, &[Key::ctrl('z')], Action::Suspend, "", "suspend; fg brings it back"),
    bind(KeyContext::Always, &[Key::ctrl('c')], Action::Quit, "", "quit"),
];
