-- A ledger in the manner of pgledger: one function call a transfer, both accounts locked in order of id,
-- a running balance on every entry, an account's version. Written for this comparison.
create table p_account (
    id bigint primary key,
    balance numeric not null default 0,
    version bigint not null default 0,
    allow_negative boolean not null,
    updated_at timestamptz not null default now(),
    check (allow_negative or balance >= 0)
);
create table p_transfer (
    id uuid primary key default gen_random_uuid(),
    from_account bigint not null references p_account,
    to_account bigint not null references p_account,
    amount numeric not null check (amount > 0),
    created_at timestamptz not null default now(),
    check (from_account <> to_account)
);
create index on p_transfer (from_account);
create index on p_transfer (to_account);
create table p_entry (
    id uuid primary key default gen_random_uuid(),
    account bigint not null references p_account,
    transfer uuid not null references p_transfer,
    amount numeric not null,
    previous_balance numeric not null,
    current_balance numeric not null,
    version bigint not null,
    created_at timestamptz not null default now()
);
create index on p_entry (account);
create index on p_entry (transfer);

create function p_entry_of(of_account bigint, of_transfer uuid, change numeric) returns void language plpgsql as $$
declare
    found p_account;
begin
    update p_account set balance = balance + change, version = version + 1, updated_at = now()
        where id = of_account returning * into found;
    if not found.allow_negative and found.balance < 0 then
        raise exception 'account % has not enough', of_account;
    end if;
    insert into p_entry (account, transfer, amount, previous_balance, current_balance, version)
        values (of_account, of_transfer, change, found.balance - change, found.balance, found.version);
end $$;

create function p_pay(payer bigint, payee bigint, units numeric) returns uuid language plpgsql as $$
declare
    made uuid;
begin
    perform 1 from p_account where id in (payer, payee) order by id for update;
    insert into p_transfer (from_account, to_account, amount) values (payer, payee, units) returning id into made;
    perform p_entry_of(payer, made, -units);
    perform p_entry_of(payee, made, units);
    return made;
end $$;

insert into p_account (id, balance, allow_negative) select n, 1000000000, false from generate_series(1, 10000) n;
